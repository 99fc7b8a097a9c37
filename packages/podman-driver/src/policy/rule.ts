import type { OperatorPolicy } from "../config/operator-policy.ts";
import type { Refusal } from "../topics/report.ts";
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
