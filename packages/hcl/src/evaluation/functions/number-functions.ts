import { addDecimals, decimalOf, multiplyDecimals, normalizeNumber, numberOf, toDecimal } from "../../value/decimal.ts";
import { normalizeInteger } from "../../value/hcl-value.ts";
import { integerArgument, numberArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable } from "./hcl-function.ts";
import type { HclValue } from "../../value/hcl-value.ts";

export const numberFunctions: FunctionTable = {
  abs: {
    min: 1,
    max: 1,
    apply: (args, context) => mapNumber(args, context, { big: (value) => (value < 0n ? -value : value), double: Math.abs }),
  },
  ceil: { min: 1, max: 1, apply: (args, context) => mapNumber(args, context, { big: (value) => value, double: Math.ceil }) },
  floor: { min: 1, max: 1, apply: (args, context) => mapNumber(args, context, { big: (value) => value, double: Math.floor }) },
  signum: { min: 1, max: 1, apply: signOf },
  max: { min: 1, apply: (args, context) => pickNumber(args, context, (left, right) => left > right) },
  min: { min: 1, apply: (args, context) => pickNumber(args, context, (left, right) => left < right) },
  pow: { min: 2, max: 2, apply: raise },
  log: {
    min: 2,
    max: 2,
    apply: (args, context) =>
      toResult(Math.log(Number(numberArgument(args, 0, context))) / Math.log(Number(numberArgument(args, 1, context))), context),
  },
  parseint: { min: 2, max: 2, apply: parseInteger },
  range: { min: 1, max: 3, apply: makeRange },
};

function mapNumber(
  args: readonly HclValue[],
  context: CallContext,
  by: { readonly big: (value: bigint) => bigint; readonly double: (value: number) => number },
): HclValue {
  const value = numberArgument(args, 0, context);
  return typeof value === "bigint" ? by.big(value) : by.double(value);
}

/** Of whole numbers in 64 bits only. */
function signOf(args: readonly HclValue[], context: CallContext): HclValue {
  const value = numberArgument(args, 0, context);
  const isWhole = typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isInteger(value);
  if (!isWhole) throw context.fail("argument 1 must be a whole number in 64 bits");
  return Math.sign(Number(value));
}

function pickNumber(
  args: readonly HclValue[],
  context: CallContext,
  isBetter: (left: number | bigint, right: number | bigint) => boolean,
): HclValue {
  return args.map((_, index) => numberArgument(args, index, context)).reduce((best, value) => (isBetter(value, best) ? value : best));
}

function toResult(value: number, context: CallContext): number | bigint {
  if (Number.isNaN(value)) throw context.fail("the result is no number");
  return normalizeNumber(value);
}

/** A double, as in Go; between whole numbers correctly rounded, which JavaScript's own operator is not. */
function raise(args: readonly HclValue[], context: CallContext): HclValue {
  const [base, exponent] = [Number(numberArgument(args, 0, context)), Number(numberArgument(args, 1, context))];
  const power = base ** exponent;
  const isWhole = Number.isSafeInteger(base) && Number.isSafeInteger(exponent) && exponent >= 0 && Number.isFinite(power);
  return toResult(isWhole ? Number(BigInt(base) ** BigInt(exponent)) : power, context);
}

const allDigits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function parseInteger(args: readonly HclValue[], context: CallContext): HclValue {
  if (typeof args[0] !== "string") throw context.fail("argument 1 must be a string");
  const base = integerArgument(args, 1, context);
  if (base < 2 || base > allDigits.length) throw context.fail(`base ${base} is not supported; use 2 to ${allDigits.length}`);
  // Only where there are digits enough do small and capital letters differ.
  const text = base > 36 ? args[0] : args[0].toLowerCase();
  const match = /^([-+]?)([0-9a-zA-Z]+)$/.exec(text);
  const digits = [...(match?.[2] ?? "")].map((digit) => allDigits.indexOf(digit));
  if (digits.length === 0 || digits.some((digit) => digit >= base))
    throw context.fail(`${JSON.stringify(args[0])} is no whole number to base ${base}`);
  const value = digits.reduce((sum, digit) => sum * BigInt(base) + BigInt(digit), 0n);
  return normalizeInteger(match?.[1] === "-" ? -value : value);
}

const zero = toDecimal(0n, 0);

/** As many numbers as Nomad allows in one range. */
const maxRangeLength = 1024;

function makeRange(args: readonly HclValue[], context: CallContext): HclValue {
  const numbers = args.map((_, index) => Number(numberArgument(args, index, context)));
  const start = numbers.length === 1 ? 0 : (numbers[0] ?? 0);
  const end = numbers.length === 1 ? (numbers[0] ?? 0) : (numbers[1] ?? 0);
  const step = numbers[2] ?? (end < start ? -1 : 1);
  const length = start === end ? 0 : Math.ceil((end - start) / step);
  if (!Number.isFinite(length) || length > maxRangeLength)
    throw context.fail(`it would give more than ${maxRangeLength} numbers; use a larger step`);
  if (length < 0) throw context.fail("the step leads away from the end");
  const [from, by] = [decimalOf(start) ?? zero, decimalOf(step) ?? zero];
  return Array.from({ length }, (_, index) => numberOf(addDecimals(from, multiplyDecimals(by, toDecimal(BigInt(index), 0)))));
}
