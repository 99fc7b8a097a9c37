/** A decimal number of any size and precision: `digits` × 10^-`scale`, without needless zeros at the end. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const decimalSyntax = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,4}))?$/;

/** Parses what HCL takes for a number in a string: decimal, with or without exponent. Undefined for all else. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = decimalSyntax.exec(text);
  if (match === null) return undefined;
  const [, sign = "", mantissa = "", exponent = "0"] = match;
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = BigInt(`${whole}${fraction}`);
  return toDecimal(sign === "-" ? -digits : digits, fraction.length - Number(exponent));
}

/** `digits` × 10^-`scale`. */
export function toDecimal(digits: bigint, scale: number): Decimal {
  if (digits === 0n) return { digits, scale: 0 };
  const text = String(digits);
  const zeros = text.length - text.replace(/0+$/, "").length;
  return zeros === 0 ? { digits, scale } : { digits: digits / 10n ** BigInt(zeros), scale: scale - zeros };
}

/** The decimal that a number is written as; undefined for an infinite one. */
export function decimalOf(value: number | bigint): Decimal | undefined {
  return typeof value === "bigint" ? toDecimal(value, 0) : parseDecimal(String(value));
}

/** Plain digits, never an exponent. */
export function formatDecimal({ digits, scale }: Decimal): string {
  if (scale <= 0) return String(digits * 10n ** BigInt(-scale));
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  return `${digits < 0n ? "-" : ""}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** The number itself: whole ones are exact, fractions lose what a double does not hold. */
export function numberOf(decimal: Decimal): number | bigint {
  const { digits, scale } = decimal;
  const whole = scale > 0 ? digits / 10n ** BigInt(scale) : digits * 10n ** BigInt(-scale);
  if (!Number.isSafeInteger(Number(whole))) return whole;
  const number = Number(scale > 0 ? formatDecimal(decimal) : whole);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? BigInt(number) : number;
}

/** A double that was computed, in the form HCL values have: whole numbers beyond ±(2^53-1) by their shortest digits. */
export function normalizeNumber(value: number): number | bigint {
  const decimal = decimalOf(value);
  return decimal === undefined ? value : numberOf(decimal);
}

export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const [first, second, scale] = align(left, right);
  return toDecimal(first + second, scale);
}

export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  return toDecimal(left.digits * right.digits, left.scale + right.scale);
}

/** What is left over, with the sign of `left`. `right` must not be zero. */
export function remainderOf(left: Decimal, right: Decimal): Decimal {
  const [first, second, scale] = align(left, right);
  return toDecimal(first % second, scale);
}

/** The quotient when it is a whole number; undefined otherwise. `right` must not be zero. */
export function wholeQuotient(left: Decimal, right: Decimal): Decimal | undefined {
  const [first, second] = align(left, right);
  return first % second === 0n ? toDecimal(first / second, 0) : undefined;
}

/** The digits of both at the scale of the finer one. */
function align(left: Decimal, right: Decimal): readonly [first: bigint, second: bigint, scale: number] {
  const scale = Math.max(left.scale, right.scale);
  const widen = (decimal: Decimal): bigint => decimal.digits * 10n ** BigInt(scale - decimal.scale);
  return [widen(left), widen(right), scale];
}
