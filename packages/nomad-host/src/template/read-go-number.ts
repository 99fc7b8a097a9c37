const plainFloat = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/;
const hexFloat = /^([+-]?)0[xX]([0-9a-fA-F_]*)(?:\.([0-9a-fA-F_]*))?[pP]([+-]?\d+)$/;
const whole = /^[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]*|0[bB][01_]+|[1-9][\d_]*)$/;

/** The float that a text is for Go; undefined: it is none, or too large. */
export function readGoFloat(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!areUnderscoresRight(text)) return undefined;
  const hex = hexFloat.exec(text);
  const value = hex === null ? (plainFloat.test(text) ? Number(text.replaceAll("_", "")) : undefined) : readHexFloat(hex);
  return value === undefined || Number.isFinite(value) ? value : undefined;
}

function readHexFloat([, sign = "", before = "", after = "", power = ""]: RegExpExecArray): number | undefined {
  const digits = (before + after).replaceAll("_", "");
  if (digits === "") return undefined;
  const exponent = Number(power) - 4 * after.replaceAll("_", "").length;
  return (sign === "-" ? -1 : 1) * Number(BigInt(`0x${digits}`)) * 2 ** exponent;
}

/** The whole number that a literal is for Go, of whatever size; undefined: it is none. */
export function readGoWhole(text: string): bigint | undefined {
  if (!whole.test(text) || !areUnderscoresRight(text)) return undefined;
  const digits = text.replace(/^[+-]/, "").replaceAll("_", "");
  const magnitude = BigInt(/^0\d+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return text.startsWith("-") ? -magnitude : magnitude;
}

/** They part digits, and a prefix from these. */
function areUnderscoresRight(text: string): boolean {
  return !/__|_$|^[+-]?_|_[.eEpP+-]|[.eEpP+-]_/.test(text.replace(/^([+-]?0[xX])_?/, "$1"));
}
