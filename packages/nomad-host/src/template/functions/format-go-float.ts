import type { Verb } from "./format-verb.ts";

/** A float as Go writes it for a verb, its sign in front and not padded; undefined: the verb is not for floats. */
export function formatGoFloat(value: number, { letter, flags, precision }: Omit<Verb, "width">): string | undefined {
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = isNegative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const write = writers[letter];
  if (write === undefined) return undefined;
  if (Number.isNaN(value)) return `${flags.includes("+") ? "+" : flags.includes(" ") ? " " : ""}NaN`;
  if (!Number.isFinite(value)) return `${sign === "" ? "+" : sign}Inf`;
  return sign + write(Math.abs(value), { isFull: flags.includes("#") && letter !== "v", precision });
}

interface FloatForm {
  /** True: needless zeros and the point stay. */
  readonly isFull: boolean;
  readonly precision: number | undefined;
}

type WriteFloat = (value: number, form: FloatForm) => string;

const inUpper =
  (write: WriteFloat): WriteFloat =>
  (value, form) =>
    write(value, form).toUpperCase();

const writers: Readonly<Record<string, WriteFloat | undefined>> = {
  f: writeFixed,
  F: writeFixed,
  e: writeExponent,
  E: inUpper(writeExponent),
  g: writeShort,
  G: inUpper(writeShort),
  v: writeShort,
  x: writeHex,
  X: inUpper(writeHex),
  b: writeBinary,
};

const mostDigits = 100;

/** A double is m × 2^exponent, exactly. */
function takeApart(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;
  const [raw, fraction] = [Number((bits >> 52n) & 0x7ffn), bits & 0xf_ffff_ffff_ffffn];
  return raw === 0 ? { mantissa: fraction, exponent: -1074 } : { mantissa: fraction | (1n << 52n), exponent: raw - 1075 };
}

/** `value` × 10^digits as a whole number; a tie goes to the even one. */
function toWhole(value: number, digits: number): bigint {
  const { mantissa, exponent } = takeApart(value);
  const numerator = mantissa * (exponent > 0 ? 1n << BigInt(exponent) : 1n) * (digits > 0 ? 10n ** BigInt(digits) : 1n);
  const denominator = (exponent < 0 ? 1n << BigInt(-exponent) : 1n) * (digits < 0 ? 10n ** BigInt(-digits) : 1n);
  const [quotient, rest] = [numerator / denominator, (numerator % denominator) * 2n];
  const isUp = rest > denominator || (rest === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

function writeFixed(value: number, { precision = 6, isFull }: FloatForm): string {
  const digits = toWhole(value, precision)
    .toString()
    .padStart(precision + 1, "0");
  if (precision === 0) return isFull ? `${digits}.` : digits;
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

function writeExponent(value: number, { precision = 6, isFull }: FloatForm): string {
  const { digits, exponent } = roundTo(value, precision + 1);
  return toExponentForm(digits, exponent, isFull);
}

/** The first `count` digits, and the power of ten of the first. */
function roundTo(value: number, count: number): { readonly digits: string; readonly exponent: number } {
  if (value === 0) return { digits: "0".repeat(count), exponent: 0 };
  const guess = Number(value.toExponential(0).split("e")[1]);
  for (const exponent of [guess - 1, guess, guess + 1]) {
    const digits = toWhole(value, count - 1 - exponent).toString();
    if (digits.length === count) return { digits, exponent };
  }
  return { digits: `1${"0".repeat(count - 1)}`, exponent: guess + 1 };
}

function toExponentForm(digits: string, exponent: number, isFull: boolean): string {
  const point = digits.length > 1 || isFull ? "." : "";
  return `${digits.slice(0, 1)}${point}${digits.slice(1)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** What decides on an exponent where no precision does (`go`: strconv). */
const shortLimit = 6;

/** The shortest digits that mean this number, or as many as `precision` says; with an exponent where Go has one. */
function writeShort(value: number, { precision, isFull }: FloatForm): string {
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const wanted = precision === undefined ? undefined : Math.max(1, precision);
  const rounded = wanted === undefined ? { digits: mantissa.replace(".", ""), exponent: Number(power) } : roundTo(value, wanted);
  const { exponent } = rounded;
  const digits = rounded.digits.replace(/(?<=.)0+$/, "");
  const isShort = wanted !== undefined && wanted > digits.length && digits.length > exponent;
  const limit = isShort ? digits.length : (wanted ?? shortLimit);
  const text = exponent < -4 || exponent >= limit ? toExponentForm(digits, exponent, false) : toPlainForm(digits, exponent);
  return isFull ? fill(text, wanted ?? shortLimit) : text;
}

function toPlainForm(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** Puts zeros behind the point until there are `count` digits that say something. */
function fill(text: string, count: number): string {
  const [mantissa = "", power] = text.split("e");
  const pointed = mantissa.includes(".") ? mantissa : `${mantissa}.`;
  const telling = pointed.replace(".", "").replace(/^0+(?=.*[1-9])/, "").length;
  return pointed + "0".repeat(Math.max(0, count - telling)) + (power === undefined ? "" : `e${power}`);
}

/** A hexadecimal mantissa and a power of two. */
function writeHex(value: number, { precision }: FloatForm): string {
  if (value === 0) return `0x0${precision === undefined || precision === 0 ? "" : `.${"0".repeat(precision)}`}p+00`;
  const { mantissa, exponent } = takeApart(value);
  const length = mantissa.toString(2).length;
  let [power, fraction] = [exponent + length - 1, mantissa << BigInt(53 - length)];
  if (precision !== undefined && precision < 13) {
    const drop = BigInt(4 * (13 - precision));
    const [kept, rest, half] = [fraction >> drop, fraction & ((1n << drop) - 1n), 1n << (drop - 1n)];
    fraction = (rest > half || (rest === half && kept % 2n === 1n) ? kept + 1n : kept) << drop;
    if (fraction >> 53n > 0n) [power, fraction] = [power + 1, fraction >> 1n];
  }
  const digits = (fraction & 0xf_ffff_ffff_ffffn).toString(16).padStart(13, "0");
  const shown =
    precision === undefined ? digits.replace(/0+$/, "") : digits.padEnd(Math.min(precision, mostDigits), "0").slice(0, precision);
  return `0x1${shown === "" ? "" : `.${shown}`}p${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** The mantissa as a whole number and a power of two. */
function writeBinary(value: number): string {
  const { mantissa, exponent } = takeApart(value);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}
