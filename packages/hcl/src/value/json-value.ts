import type { HclValue } from "./hcl-value.ts";
import { formatNumber, isList, isNumber, isRecord, normalizeInteger, sortedKeys } from "./hcl-value.ts";

/** JSON text of a value as Nomad writes it: keys sorted, no spaces, `<`, `>` and `&` escaped. */
export function encodeJson(value: HclValue): string {
  if (isList(value)) return `[${value.map(encodeJson).join(",")}]`;
  if (isRecord(value))
    return `{${sortedKeys(value)
      .map((key) => `${encodeText(key)}:${encodeJson(value[key] ?? null)}`)
      .join(",")}}`;
  if (isNumber(value)) return formatNumber(value);
  return typeof value === "string" ? encodeText(value) : String(value);
}

function encodeText(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Parses JSON; whole numbers beyond 2^53 stay exact. */
export function parseJsonValue(
  text: string,
): { readonly ok: true; readonly value: HclValue } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, value: JSON.parse(text, reviveNumber) as HclValue };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function reviveNumber(_key: string, value: unknown, context: { readonly source?: string } = {}): unknown {
  const source = context.source ?? "";
  return typeof value === "number" && /^-?[0-9]+$/.test(source) ? normalizeInteger(BigInt(source)) : value;
}
