import { decimalOf, formatDecimal, numberOf, parseDecimal } from "./decimal.ts";
import { isNumber, type HclValue } from "./hcl-value.ts";

/** Text of a string, number or bool: plain digits for a number. Undefined for what has none. */
export function toText(value: HclValue): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return isNumber(value) ? formatNumber(value) : undefined;
}

/** A number as HCL writes it in text: all digits, no exponent. */
export function formatNumber(value: number | bigint): string {
  const decimal = decimalOf(value);
  if (decimal !== undefined) return formatDecimal(decimal);
  return value > 0 ? "+Inf" : "-Inf";
}

/** The number that a number or a numeric text stands for; undefined for others (`cty`: ParseNumberVal). */
export function toNumber(value: HclValue): number | bigint | undefined {
  if (isNumber(value)) return value;
  if (typeof value !== "string") return undefined;
  if (/^[+-]?[iI]nf$/.test(value)) return value.startsWith("-") ? -Infinity : Infinity;
  const decimal = parseDecimal(value);
  return decimal === undefined ? undefined : numberOf(decimal);
}

/** The bool that a bool or the texts `true`, `false`, `1` and `0` stand for; undefined for others (`cty`: convert). */
export function toBool(value: HclValue): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" ? false : undefined;
}
