import type { HclValue } from "@driver/hcl/values";
import { misfit } from "./config-option.ts";

/** How a number attribute is held by the driver. `float64` takes any number, the others whole ones. */
export type NumberFormat = "int64" | "uint64" | "int32" | "int16" | "float64";

interface IntegerRange {
  readonly least: number;
  readonly most: number;
  readonly words: string;
}

const integerRanges: Readonly<Record<Exclude<NumberFormat, "float64">, IntegerRange>> = {
  int64: { least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER, words: "must be a whole number (within ±2^53)" },
  uint64: { least: 0, most: Number.MAX_SAFE_INTEGER, words: "must be a whole number from 0 to 2^53" },
  int32: { least: -2147483648, most: 2147483647, words: "must be a whole number from -2147483648 to 2147483647" },
  int16: { least: -32768, most: 32767, words: "must be a whole number from -32768 to 32767" },
};

/**
 * Checks a number as it comes from Nomad, which sends what no 64-bit format holds exactly as text. Integers beyond
 * ±(2^53-1) are refused: no option has a use for them.
 */
export function decodeNumber(value: HclValue, format: NumberFormat, path: string): number {
  if (format === "float64") return decodeFloat(value, path);
  const { least, most, words } = integerRanges[format];
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw misfit(path, value, words);
}

function decodeFloat(value: HclValue, path: string): number {
  const isNumeric = typeof value === "number" || typeof value === "bigint" || (typeof value === "string" && value.trim() !== "");
  const number = isNumeric ? Number(value) : NaN;
  if (Number.isFinite(number)) return number;
  throw misfit(path, value, "must be a number");
}
