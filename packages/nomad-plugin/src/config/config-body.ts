/** A value as HCL, JSON and msgpack all know it. Integers beyond ±(2^53-1) are bigint, all others number. */
export type HclValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly HclValue[]
  | { readonly [key: string]: HclValue };

/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ConfigAttribute {
  readonly name: string;
  readonly value: HclValue;
  readonly position: Position;
}

export interface ConfigBlock {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: ConfigBody;
  readonly position: Position;
}

/** A `config` block whose expressions are evaluated, but which no schema has seen yet. */
export interface ConfigBody {
  readonly attributes: readonly ConfigAttribute[];
  readonly blocks: readonly ConfigBlock[];
  readonly position: Position;
}

export type HclRecord = { readonly [key: string]: HclValue };

export function isHclList(value: HclValue): value is readonly HclValue[] {
  return Array.isArray(value);
}

export function isHclRecord(value: HclValue): value is HclRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The kind of a value with its article, for messages: `a string`, `a list`. */
export function kindOfValue(value: HclValue): string {
  if (value === null) return "null";
  if (isHclList(value)) return "a list";
  if (typeof value === "string") return "a string";
  if (typeof value === "boolean") return "a bool";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  return "a map";
}
