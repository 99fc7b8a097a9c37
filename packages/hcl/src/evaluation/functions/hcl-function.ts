import type { HclRecord, HclValue } from "../../value/hcl-value.ts";
import { describeKind, isList, isRecord } from "../../value/hcl-value.ts";
import { toNumber, toText } from "../../value/scalar.ts";
import type { HclList } from "../../value/hcl-value.ts";
import type { Fail } from "../../error/hcl-error.ts";

/** What a function may use besides its arguments. */
export interface CallContext {
  /** Makes the error; the function's name is put before the message. */
  readonly fail: Fail;
  /** Folder that relative paths start from. */
  readonly baseDir: string;
}

/** One function of the language; the number of arguments is checked before `apply`. */
export interface HclFunction {
  readonly min: number;
  /** Absent: any number. */
  readonly max?: number;
  apply(args: readonly HclValue[], context: CallContext): HclValue;
}

export type FunctionTable = Readonly<Record<string, HclFunction>>;

/** Argument number `index` as text; throws for what has none. */
export function textArgument(args: readonly HclValue[], index: number, context: CallContext): string {
  const value = args[index] ?? null;
  const text = toText(value);
  if (text === undefined) throw context.fail(`argument ${index + 1} must be a string, not ${describeKind(value)}`);
  return text;
}

/** Argument number `index` as a number; throws for others. */
export function numberArgument(args: readonly HclValue[], index: number, context: CallContext): number | bigint {
  const value = args[index] ?? null;
  const number = toNumber(value);
  if (number === undefined) throw context.fail(`argument ${index + 1} must be a number, not ${describeKind(value)}`);
  return number;
}

/** Argument number `index` as an integer within ±2^53; throws for others. */
export function integerArgument(args: readonly HclValue[], index: number, context: CallContext): number {
  const number = numberArgument(args, index, context);
  if (typeof number === "bigint" || !Number.isSafeInteger(number)) throw context.fail(`argument ${index + 1} must be a whole number`);
  return number;
}

/** Argument number `index` as a list; throws for others. */
export function listArgument(args: readonly HclValue[], index: number, context: CallContext): HclList {
  const value = args[index] ?? null;
  if (!isList(value)) throw context.fail(`argument ${index + 1} must be a list, not ${describeKind(value)}`);
  return value;
}

/** Argument number `index` as a list of texts; throws for others. */
export function textListArgument(args: readonly HclValue[], index: number, context: CallContext): readonly string[] {
  return listArgument(args, index, context).map((item) => {
    const text = toText(item);
    if (text === undefined) throw context.fail(`argument ${index + 1} must hold strings, but has ${describeKind(item)}`);
    return text;
  });
}

/** Argument number `index` as a map; throws for others. */
export function recordArgument(args: readonly HclValue[], index: number, context: CallContext): HclRecord {
  const value = args[index] ?? null;
  if (!isRecord(value)) throw context.fail(`argument ${index + 1} must be a map, not ${describeKind(value)}`);
  return value;
}
