import { decimalOf, formatDecimal, numberOf, type Decimal } from "@driver/hcl/values";

/**
 * A number in the form in which Nomad's encoder sends it: integers of 64 bits as integers, binary fractions as floats,
 * and as decimal text whatever neither holds exactly. HCL counts in decimals, so 0.1 is no binary fraction.
 */
export function toWireNumber(value: number | bigint): number | bigint | string {
  const decimal = decimalOf(value);
  if (decimal === undefined) return value;
  if (decimal.scale > 0) return isBinaryFraction(decimal) ? value : formatDecimal(decimal);
  const whole = numberOf(decimal);
  return typeof whole === "number" || BigInt.asIntN(64, whole) === whole ? whole : String(whole);
}

/** The fives of the denominator must cancel out, and the rest fit a double. */
function isBinaryFraction({ digits, scale }: Decimal): boolean {
  const fives = 5n ** BigInt(scale);
  const mantissa = digits / fives;
  return digits % fives === 0n && BigInt(Number(mantissa)) === mantissa && scale <= 1022;
}
