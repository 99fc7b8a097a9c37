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
}

/**
 * One key of a config, declared once. Its four uses: the spec for Nomad, the checked decoder, the way back to plain
 * values, and its rows in the option tables.
 */
export interface ConfigOption<T> {
  /** What Nomad checks the key called `name` against. */
  spec(name: string): Spec;
  /** Undefined and null both mean: not set. Throws a `DriverError` that names `path`. */
  decodeValue(value: HclValue | undefined, path: string): T;
  /** The wire shape of a decoded value; null for one not set, undefined for a secret. */
  toValue(value: T): HclValue | undefined;
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
