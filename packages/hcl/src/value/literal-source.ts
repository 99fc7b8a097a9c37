import { isList, type HclValue } from "./hcl-value.ts";

/** Writes a value as HCL source, the form in which defaults travel in a schema. */
export function toLiteralSource(value: HclValue): string {
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (isList(value)) return `[${value.map(toLiteralSource).join(", ")}]`;
  const entries = Object.entries(value).map(([key, entry]) => `${toKey(key)} = ${toLiteralSource(entry)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function toKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? key : quote(key);
}

/** JSON's escapes are HCL's too, except two; and `${` and `%{` begin a template. */
function quote(text: string): string {
  const escaped = JSON.stringify(text).replaceAll(/\\./g, (pair) => (pair === "\\b" ? "\\u0008" : pair === "\\f" ? "\\u000c" : pair));
  return escaped.replaceAll(/[$%](?=\{)/g, "$&$&");
}
