/** A decimal number of any size and precision: `digits` × 10^-`scale`, without needless zeros at the end. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const decimalSyntax = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,4}))?$/;

/** Parses what HCL takes for a number in a string: decimal, with or without exponent. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = decimalSyntax.exec(text);
  if (match === null) return undefined;
  const [, sign = "", mantissa = "", exponent = "0"] = match;
  const [whole = "", fraction = ""] = mantissa.split(".");
  const significant = `${whole}${fraction}`.replace(/0+$/, "");
  const dropped = whole.length + fraction.length - significant.length;
  if (significant === "") return { digits: 0n, scale: 0 };
  const scale = fraction.length - dropped - Number(exponent);
  return { digits: BigInt(significant) * (sign === "-" ? -1n : 1n), scale };
}

/** Plain digits, never an exponent. */
export function toDecimalText({ digits, scale }: Decimal): string {
  if (scale <= 0) return String(digits * 10n ** BigInt(-scale));
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  return `${digits < 0n ? "-" : ""}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** A scalar as HCL turns it into a string: plain digits for a number. */
export function toText(value: string | number | bigint | boolean): string {
  if (typeof value !== "number") return String(value);
  const decimal = parseDecimal(String(value));
  return decimal === undefined ? String(value) : toDecimalText(decimal);
}

/**
 * A number in the form in which Nomad's encoder sends it: integers of 64 bits as integers, binary fractions as floats,
 * and as decimal text whatever neither holds exactly.
 */
export function toWireNumber(value: number | bigint): number | bigint | string {
  if (typeof value === "number" && !Number.isFinite(value)) return value;
  const decimal = parseDecimal(String(value));
  return decimal === undefined ? value : decimalToWire(decimal);
}

/** See `toWireNumber`. A decimal fraction is a binary one when the fives of its denominator cancel out. */
export function decimalToWire(decimal: Decimal): number | bigint | string {
  const { digits, scale } = decimal;
  if (scale <= 0) return wholeToWire(digits * 10n ** BigInt(-scale));
  const text = toDecimalText(decimal);
  const fives = 5n ** BigInt(scale);
  const mantissa = digits / fives;
  const isExact = digits % fives === 0n && BigInt(Number(mantissa)) === mantissa && scale <= 1022;
  return isExact ? Number(text) : text;
}

function wholeToWire(value: bigint): number | bigint | string {
  if (Number.isSafeInteger(Number(value))) return Number(value);
  return BigInt.asIntN(64, value) === value ? value : String(value);
}
