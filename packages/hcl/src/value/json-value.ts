import { messageOf } from "@driver/std";
import { numberOf, parseDecimal } from "./decimal.ts";
import { isList, isNumber, isRecord, sortedKeys, type HclValue } from "./hcl-value.ts";
import { formatNumber } from "./scalar.ts";

/**
 * JSON text of a value as Nomad writes it: keys sorted, no spaces, `<`, `>` and `&` escaped. Undefined when there is an
 * infinite number in it, which JSON has no form for.
 */
export function encodeJson(value: HclValue): string | undefined {
  if (isList(value)) return enclose("[", value.map(encodeJson), "]");
  if (isRecord(value))
    return enclose(
      "{",
      sortedKeys(value).map((key) => encodeEntry(key, value[key] ?? null)),
      "}",
    );
  if (isNumber(value)) return Math.abs(Number(value)) === Infinity && typeof value === "number" ? undefined : formatNumber(value);
  return typeof value === "string" ? encodeText(value) : String(value);
}

function encodeEntry(key: string, value: HclValue): string | undefined {
  const encoded = encodeJson(value);
  return encoded === undefined ? undefined : `${encodeText(key)}:${encoded}`;
}

function enclose(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(",")}${close}`;
}

function encodeText(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Parses JSON; numbers are read as HCL reads them, so whole ones stay exact at any size. */
export function parseJsonValue(
  text: string,
): { readonly ok: true; readonly value: HclValue } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, value: JSON.parse(text, reviveNumber) as HclValue };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

function reviveNumber(_key: string, value: unknown, context: { readonly source?: string } = {}): unknown {
  if (typeof value !== "number") return value;
  const decimal = parseDecimal(context.source ?? "");
  return decimal === undefined ? value : numberOf(decimal);
}
