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

/** The number itself; fractions lose what a double does not hold. */
export function toNumber(decimal: Decimal): number | bigint {
  if (decimal.scale > 0) return Number(toDecimalText(decimal));
  const whole = decimal.digits * 10n ** BigInt(-decimal.scale);
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

/**
 * A number in the form in which Nomad's encoder sends it: integers of 64 bits as integers, binary fractions as floats,
 * and as decimal text whatever neither holds exactly. HCL counts in decimals, so 0.1 is no binary fraction.
 */
export function toWireNumber(value: number | bigint): number | bigint | string {
  const decimal = parseDecimal(String(value));
  if (decimal === undefined) return value;
  if (decimal.scale > 0) return isBinaryFraction(decimal) ? value : toDecimalText(decimal);
  const whole = toNumber(decimal);
  return typeof whole === "number" || BigInt.asIntN(64, whole) === whole ? whole : String(whole);
}

/** The fives of the denominator must cancel out, and the rest fit a double. */
function isBinaryFraction({ digits, scale }: Decimal): boolean {
  const fives = 5n ** BigInt(scale);
  const mantissa = digits / fives;
  return digits % fives === 0n && BigInt(Number(mantissa)) === mantissa && scale <= 1022;
}
