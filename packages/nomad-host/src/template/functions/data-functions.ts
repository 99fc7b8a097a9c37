import { isLooseByte, splitLooseBytes } from "../go-bytes.ts";
import type { TemplateFunction } from "../render-template.ts";
import {
  AnyList,
  isTemplateList,
  isTemplateMap,
  printValue,
  sortedEntries,
  TemplateChannel,
  TemplateObject,
  typeOf,
} from "../template-value.ts";
import type { TemplateMap, TemplateValue } from "../template-value.ts";
import { wantAnyList, wantCount, wantMap, wantText } from "./arguments.ts";

function one(apply: (value: TemplateValue) => TemplateValue): TemplateFunction {
  return (...values) => {
    wantCount(values, 1);
    return apply(values[0]);
  };
}

/** The functions of consul-template about JSON, lists and maps. */
export const dataFunctions: Readonly<Record<string, TemplateFunction>> = {
  parseJSON: one((value) => parseJson(wantText(value))),
  toJSON: one((value) => escapeForHtml(toJson(value))),
  toJSONPretty: one((value) => escapeForHtml(toJson(value, "  "))),
  toUnescapedJSON: one((value) => toJson(value)),
  toUnescapedJSONPretty: one((value) => toJson(value, "  ")),
  in: (...values) => (wantCount(values, 2), isIn(values[0], values[1])),
  contains: (...values) => (wantCount(values, 2), isIn(values[1], values[0])),
  containsAll: (...values) => wantAnyList(values[0]).every((value) => isIn(values[1], value)),
  containsAny: (...values) => wantAnyList(values[0]).some((value) => isIn(values[1], value)),
  containsNone: (...values) => !wantAnyList(values[0]).some((value) => isIn(values[1], value)),
  containsNotAll: (...values) => !wantAnyList(values[0]).every((value) => isIn(values[1], value)),
  explodeMap: one((value) => explode(wantMap(value))),
  mergeMap: (...values) => (wantCount(values, 2), merge(wantMap(values[0]), wantMap(values[1]))),
  mergeMapWithOverride: (...values) => (wantCount(values, 2), merge(wantMap(values[1]), wantMap(values[0]))),
  timestamp: (...values) => timestamp(values),
};

/** Numbers of JSON are floats for Go. */
function parseJson(text: string): TemplateValue {
  if (text === "") return new Map();
  const parsed: unknown = JSON.parse(text.toWellFormed());
  return fromJson(parsed);
}

function fromJson(value: unknown): TemplateValue {
  if (Array.isArray(value)) return AnyList.from(value, fromJson);
  if (typeof value === "object" && value !== null) return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
  return typeof value === "string" || typeof value === "boolean" || typeof value === "number" ? value : null;
}

function toJson(value: TemplateValue, indent = "", outer = ""): string {
  const inner = outer + indent;
  const lay = (parts: readonly string[], [open, close]: readonly [string, string]): string => {
    if (parts.length === 0) return open + close;
    return indent === "" ? open + parts.join(",") + close : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${outer}${close}`;
  };
  if (isTemplateList(value))
    return lay(
      value.map((item) => toJson(item, indent, inner)),
      ["[", "]"],
    );
  const entries = isTemplateMap(value) ? sortedEntries(value) : value instanceof TemplateObject ? Object.entries(value.fields) : undefined;
  const colon = indent === "" ? ":" : ": ";
  if (value instanceof TemplateObject && value.json !== undefined) return value.json();
  if (entries !== undefined)
    return lay(
      entries.map(([key, item]) => `${jsonText(key)}${colon}${toJson(item, indent, inner)}`),
      ["{", "}"],
    );
  if (typeof value === "string") return jsonText(value);
  if (value instanceof TemplateChannel) throw new Error(`JSON has no form for a ${typeOf(value)}`);
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`JSON has no form for ${printValue(value)}`);
  if (typeof value === "object" && value !== null) return printValue(value);
  return value === undefined || value === null ? "null" : String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

/** Go writes two separators of lines as escapes, controls by their numbers, and a byte that is no letter as the escape of U+FFFD. */
function jsonText(text: string): string {
  const quoted = splitLooseBytes(text).map((part) => (isLooseByte(part) ? "\\ufffd" : JSON.stringify(part).slice(1, -1)));
  return `"${quoted.join("")}"`.replaceAll(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
}

function escapeForHtml(json: string): string {
  return json.replaceAll(/[<>&]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function isIn(whole: TemplateValue, part: TemplateValue): boolean {
  if (typeof whole === "string") return typeof part === "string" && whole.includes(part);
  return isTemplateList(whole) && whole.some((item) => typeof item === typeof part && typeof item !== "object" && item === part);
}

function explode(map: TemplateMap): TemplateMap {
  const exploded = new Map<string, TemplateValue>();
  for (const [key, value] of sortedEntries(map)) addNested(exploded, key.split("/"), value);
  return exploded;
}

function addNested(into: Map<string, TemplateValue>, [name = "", ...inner]: readonly string[], value: TemplateValue): void {
  if (inner.length === 0) {
    if (name !== "") into.set(name, value);
    return;
  }
  const known = into.get(name);
  if (known !== undefined && !isTemplateMap(known)) throw new Error(`${JSON.stringify(name)} is a ${typeOf(known)}, and no map`);
  const nested = new Map(known ?? []);
  addNested(nested, inner, value);
  into.set(name, nested);
}

/** What the first has counts; maps in both are merged. */
function merge(first: TemplateMap, second: TemplateMap): TemplateMap {
  const merged = new Map(second);
  for (const [key, value] of first) {
    const other = second.get(key);
    merged.set(key, isTemplateMap(value) && isTemplateMap(other) ? merge(value, other) : value);
  }
  return merged;
}

function timestamp(values: readonly TemplateValue[]): string {
  wantCount(values, 0, 1);
  const now = new Date();
  if (values.length === 0) return now.toISOString().replace(/\.\d+Z$/, "Z");
  if (wantText(values[0]) !== "unix") throw new Error('`run` knows no layouts, only timestamp and timestamp "unix"');
  return String(Math.floor(now.getTime() / 1000));
}
