import { DriverError } from "../driver-error.ts";
import type { Spec } from "../hclspec.ts";
import { describeValue, type HclValue } from "@driver/hcl/values";

/** One row of an option table. */
export interface OptionDoc {
  /** Dotted path of the key, e.g. `auth.tls_verify`. */
  readonly path: string;
  /** HCL type expression, or `block`, `block list`. */
  readonly type: string;
  /** The default as HCL source. */
  readonly default: string | undefined;
  readonly required: boolean;
  readonly help: string;
  /** What to use instead. */
  readonly deprecated: string | undefined;
  /** True: any value that asks for something is refused. */
  readonly notYet: boolean;
  /** True: what the key asks for cannot be had at all, and any value that asks for something is refused. */
  readonly refused: boolean;
  /** The values, or forms of a value, that take effect; undefined: all. */
  readonly only: string | undefined;
  /** The version of the engine that is needed, with the form of the value where only that needs it; undefined: any that is supported. */
  readonly needs: string | undefined;
  /** Why the key has no effect; undefined: it has one. */
  readonly unused: string | undefined;
}

/** Told of an option that a config sets: its path, what its declaration says, and its value where that is one and no secret. */
export type SeeOption = (path: string, facts: OptionFacts, value?: unknown) => void;

/**
 * One key of a config, declared once. Its five uses: the spec for Nomad, the checked decoder, the way back to plain
 * values, a look at what a config sets, and its rows in the option tables.
 */
export interface ConfigOption<T> {
  /** What Nomad checks the key called `name` against. */
  spec(name: string): Spec;
  /** Undefined and null both mean: not set. Throws a `DriverError` that names `path`. */
  decodeValue(value: HclValue | undefined, path: string): T;
  /** The wire shape of a decoded value; null for one not set, undefined for a secret. */
  toValue(value: T): HclValue | undefined;
  /** Calls `see` for this option, and for each one in it, that has a value which asks for something. */
  visit(value: T, path: string, see: SeeOption): void;
  docs(path: string): readonly OptionDoc[];
}

/** The decoded type of a schema or of one option. */
export type Infer<S> = S extends { decodeValue(...args: never[]): infer T } ? T : never;

/** What every option can say about itself. */
export interface OptionFacts {
  /** One line for the option table. */
  readonly help: string;
  /** What to use instead. */
  readonly deprecated?: string;
  /** The key is known, so that no config breaks over it, and takes no effect: a value that asks for something is to be refused. */
  readonly notYet?: true;
  /**
   * The key is another driver's, and what it asks for cannot be had at all: a value that asks for something is to be refused in these
   * words. `problem` goes on behind the value, as in `is no duration`; `remedy` says what would be right.
   */
  readonly refused?: { readonly problem: string; readonly remedy: string };
  /** The values, or forms of a value, that take effect. */
  readonly only?: string;
  /** The version of the engine that is needed, e.g. `4.5`, or `host-gateway: 4.7` for a form of the value. */
  readonly needs?: string;
  /** The key is taken from configs written for another driver and has no effect, which whoever wrote it is told with this reason. */
  readonly unused?: string;
}

/** Whether a value asks for something; false, 0, empty text, empty lists and maps do not, and nor do maps of such values. */
export function asksForSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.values(value).some(asksForSomething);
}

/** The part of an option's row that its facts give. */
export function factsRow({
  help,
  deprecated,
  notYet,
  refused,
  only,
  needs,
  unused,
}: OptionFacts): Pick<OptionDoc, "help" | "deprecated" | "notYet" | "refused" | "only" | "needs" | "unused"> {
  return { help, deprecated, notYet: notYet === true, refused: refused !== undefined, only, needs, unused };
}

/** What both sides say of a key that must be set. */
export function missingKey(path: string): string {
  return `config key ${path} is required, but not set`;
}

/** What both sides say of a block that must be there. */
export function missingBlock(path: string): string {
  return `config block ${path} is required, but missing`;
}

/**
 * A value that does not fit its key. Lists, maps and secrets are never printed, scalars are.
 * @param want what would be right, e.g. `must be a whole number`
 */
export function misfit(path: string, value: HclValue, want: string): DriverError {
  return new DriverError("config-invalid", `config key ${path}: ${describeValue(value)} ${want}`, { configKey: path });
}
