import type { Decimal } from "../../value/decimal.ts";

/** Bits of a number's fraction in HashiCorp's evaluator. */
const precisionBits = 512;

/** Digits before and behind the point, of which `point` are before it: 0.0125 is 125 with -1. */
interface Digits {
  readonly text: string;
  readonly point: number;
}

/** Go's `%f`, `%e`, `%g` and their capitals for a number; without a precision 6 digits, or the shortest ones for `%g`. */
export function formatFloat(decimal: Decimal, letter: string, precision: number | undefined): string {
  const verb = letter.toLowerCase();
  const sign = decimal.digits < 0n ? "-" : "";
  const text =
    verb === "f"
      ? toFixed(decimal, precision ?? 6)
      : verb === "e"
        ? toExponent(roundTo(decimal, (precision ?? 6) + 1), precision ?? 6)
        : toGeneral(decimal, precision);
  return sign + (letter === verb ? text : text.toUpperCase());
}

function toFixed(decimal: Decimal, precision: number): string {
  const { text, point } = roundAt(decimal, precision);
  const whole = point > 0 ? text.padEnd(point, "0").slice(0, point) : "0";
  const fraction = text.slice(Math.max(point, 0)).padStart(Math.max(0, text.length - point), "0");
  return precision === 0 ? whole : `${whole}.${fraction.padEnd(precision, "0").slice(0, precision)}`;
}

function toGeneral(decimal: Decimal, precision: number | undefined): string {
  const digits = precision === undefined ? digitsOf(decimal) : roundTo(decimal, Math.max(precision, 1));
  const { text, point } = digits;
  const wanted = precision === undefined ? 6 : Math.max(precision, 1);
  const limit = precision !== undefined && wanted > text.length && text.length >= point ? text.length : wanted;
  const exponent = point - 1;
  if (exponent < -4 || exponent >= limit) return toExponent(digits, text.length - 1);
  return toFixed(decimalOfDigits(digits), Math.max(text.length - point, 0));
}

function toExponent({ text, point }: Digits, precision: number): string {
  const exponent = text === "0" ? 0 : point - 1;
  const fraction = text.slice(1).padEnd(precision, "0").slice(0, precision);
  const sign = exponent < 0 ? "-" : "+";
  return `${text.slice(0, 1)}${precision === 0 ? "" : `.${fraction}`}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function digitsOf({ digits, scale }: Decimal): Digits {
  const text = String(digits < 0n ? -digits : digits);
  return { text: text.replace(/(?<=.)0+$/, ""), point: text.length - scale };
}

function decimalOfDigits({ text, point }: Digits): Decimal {
  return { digits: BigInt(text), scale: text.length - point };
}

/** Rounded to a number of digits in all. */
function roundTo(decimal: Decimal, count: number): Digits {
  const exact = digitsOf(decimal);
  if (exact.text === "0") return { ...exact, point: 1 };
  return roundAt(decimal, count - exact.point);
}

/** Rounded to a number of digits behind the point, which may be negative: to the nearest, and a tie to the even one. */
function roundAt(decimal: Decimal, places: number): Digits {
  const { digits, scale } = decimal;
  const [numerator, denominator] = toBinaryFraction({ scale, digits: digits < 0n ? -digits : digits });
  const [top, bottom] = places >= 0 ? [numerator * 10n ** BigInt(places), denominator] : [numerator, denominator * 10n ** BigInt(-places)];
  const quotient = top / bottom;
  const twice = (top % bottom) * 2n;
  const isUp = twice > bottom || (twice === bottom && quotient % 2n === 1n);
  const text = String(isUp ? quotient + 1n : quotient);
  if (text === "0") return { text, point: 1 };
  return { text: text.replace(/(?<=.)0+$/, ""), point: text.length - places };
}

/** The binary number of 512 bits that stands for a decimal one, as a fraction. */
function toBinaryFraction({ digits, scale }: Decimal): readonly [numerator: bigint, denominator: bigint] {
  if (scale <= 0) return [digits * 10n ** BigInt(-scale), 1n];
  const divisor = 10n ** BigInt(scale);
  // Some bits more than are kept, so that the last one is rounded.
  const shift = Math.max(0, precisionBits + 8 - digits.toString(2).length + divisor.toString(2).length);
  const top = digits << BigInt(shift);
  const quotient = top / divisor;
  const excess = BigInt(Math.max(0, quotient.toString(2).length - precisionBits));
  const half = excess === 0n ? 0n : 1n << (excess - 1n);
  const kept = (quotient + half) >> excess;
  return [kept << excess, 1n << BigInt(shift)];
}
