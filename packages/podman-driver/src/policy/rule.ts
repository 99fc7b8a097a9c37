import type { OperatorPolicy } from "../config/operator-policy.ts";
import type { Refusal } from "../config/report.ts";
import type { Wish } from "../topics/wish.ts";

/** What a wish is held against. */
export interface PolicyContext {
  readonly policy: OperatorPolicy;
  /** The allocation's folder on the host. */
  readonly allocDir: string;
}

/** One family of wishes × the operator's options. Pure; undefined: it has nothing against it. */
export type Rule = (wish: Wish, context: PolicyContext) => Refusal | undefined;

/** What is wrong with a wish that the operator has not allowed, and which option of his would. */
export function forbidden({ key, value }: Pick<Refusal, "key" | "value">, problem: string, remedy: string): Refusal {
  return { key, value, problem, remedy, code: "unsupported" };
}

/** Why a wish is not granted. */
export interface Objection {
  /** As the job wrote it. */
  readonly value?: unknown;
  /** Goes on behind the value: `is not allowed`. */
  readonly problem: string;
  /** The plugin option, with a value that would allow it. */
  readonly option: string;
}

/** A rule about wishes of one kind. */
export function rule<K extends Wish["kind"]>(
  kind: K,
  judge: (wish: Extract<Wish, { readonly kind: K }>, policy: OperatorPolicy) => Objection | undefined,
): Rule {
  return (wish, { policy }) => {
    if (wish.kind !== kind) return undefined;
    const objection = judge(wish as Extract<Wish, { readonly kind: K }>, policy);
    if (objection === undefined) return undefined;
    const { value, problem, option } = objection;
    return forbidden({ key: wish.key, value }, problem, `the client's operator can allow it with ${option} in the plugin's config`);
  };
}
