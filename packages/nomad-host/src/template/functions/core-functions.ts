import { fromGoBytes, toGoBytes } from "../go-bytes.ts";
import type { TemplateFunction } from "../render-template.ts";
import { isTemplateList, isTemplateMap, isTrue, printValue, TemplateChannel, typeOf, wholeOf } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { wantCount, wantText } from "./arguments.ts";
import { formatGo } from "./format-go.ts";

/** The functions of Go's `text/template` itself; `and` and `or` are part of the language. */
export const coreFunctions: Readonly<Record<string, TemplateFunction>> = {
  not: (...values) => (wantCount(values, 1), !isTrue(values[0])),
  and: (...values) => values.at(-1),
  or: (...values) => values.at(-1),
  eq: (first, ...others) => (wantCount(others, 1, Number.POSITIVE_INFINITY), others.some((other) => isEqual(first, other))),
  ne: (...values) => (wantCount(values, 2), !isEqual(values[0], values[1])),
  lt: (...values) => compare(values) < 0,
  le: (...values) => compare(values) <= 0,
  gt: (...values) => compare(values) > 0,
  ge: (...values) => compare(values) >= 0,
  len: (...values) => (wantCount(values, 1), BigInt(lengthOf(values[0]))),
  index: (value, ...keys) => keys.reduce(elementOf, value),
  slice: (value, ...bounds) => sliceOf(value, bounds),
  print: (...values) => printTogether(values.map(orNil)),
  println: (...values) => `${values.map((value) => printValue(orNil(value))).join(" ")}\n`,
  printf: (format, ...values) => formatGo(wantText(format), values),
  html: (...values) => escapeHtml(printTogether(values.map(orNothing))),
  urlquery: (...values) => escapeQuery(printTogether(values.map(orNothing))),
  js: (...values) => escapeJs(printTogether(values.map(orNothing))),
};

/** For Go's fmt no value is a nil, for the escapes of templates a nil is no value. */
function orNil(value: TemplateValue): TemplateValue {
  return value ?? null;
}

function orNothing(value: TemplateValue): TemplateValue {
  return value ?? undefined;
}

/** Go's Print puts a blank between two that are no strings. */
function printTogether(values: readonly TemplateValue[]): string {
  return values.reduce<string>((text, value, index) => {
    const isApart = index > 0 && typeof value !== "string" && typeof values[index - 1] !== "string";
    return `${text}${isApart ? " " : ""}${printValue(value)}`;
  }, "");
}

function isEqual(left: TemplateValue, right: TemplateValue): boolean {
  if (left === undefined || left === null || right === undefined || right === null) return (left ?? null) === (right ?? null);
  const [leftWhole, rightWhole] = [wholeOf(left), wholeOf(right)];
  if (leftWhole !== undefined && rightWhole !== undefined) return leftWhole === rightWhole;
  if (typeof left !== typeof right) throw new Error(`incompatible types for comparison: ${typeOf(left)} and ${typeOf(right)}`);
  if (typeof left === "object") throw new Error(`a ${typeOf(left)} cannot be compared`);
  return left === right;
}

function compare(values: readonly TemplateValue[]): number {
  wantCount(values, 2);
  const [left, right] = values;
  if (typeof left === "string" && typeof right === "string") return Buffer.compare(toGoBytes(left), toGoBytes(right));
  const [leftWhole, rightWhole] = [wholeOf(left), wholeOf(right)];
  if (leftWhole !== undefined && rightWhole !== undefined) return leftWhole < rightWhole ? -1 : leftWhole > rightWhole ? 1 : 0;
  if (typeof left === "number" && typeof right === "number") return left < right ? -1 : left > right ? 1 : 0;
  throw new Error(`incompatible types for comparison: ${typeOf(left)} and ${typeOf(right)}`);
}

function lengthOf(value: TemplateValue): number {
  if (typeof value === "string") return toGoBytes(value).length;
  if (isTemplateList(value)) return value.length;
  if (isTemplateMap(value)) return value.size;
  // Go's has no room, so nothing waits in it.
  if (value instanceof TemplateChannel) return 0;
  throw new Error(`a ${typeOf(value)} has no length`);
}

function elementOf(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (isTemplateMap(value)) return value.get(wantText(key));
  if (!isTemplateList(value) && typeof value !== "string") throw new Error(`a ${typeOf(value)} has no elements`);
  const items = typeof value === "string" ? [...toGoBytes(value)].map(BigInt) : value;
  const whole = wholeOf(key);
  const index = Number(whole);
  if (whole === undefined) throw new Error(`an element's number is wanted, not ${typeOf(key)}`);
  if (index < 0 || index >= items.length) throw new Error(`there is no element ${index} of ${items.length}`);
  return items[index];
}

function sliceOf(value: TemplateValue, bounds: readonly TemplateValue[]): TemplateValue {
  wantCount(bounds, 0, 2);
  if (value instanceof TemplateChannel || isTemplateMap(value)) throw new Error(`a ${typeOf(value)} has no parts`);
  const length = lengthOf(value);
  const [from = 0, to = length] = bounds.map((bound) => Number(wholeOf(bound) ?? Number.NaN));
  if (!(from >= 0 && from <= to && to <= length)) throw new Error(`there is no part from ${from} to ${to} of ${length}`);
  if (typeof value === "string") return fromGoBytes(toGoBytes(value).subarray(from, to));
  if (isTemplateList(value)) return value.slice(from, to);
  throw new Error(`a ${typeOf(value)} has no parts`);
}

const htmlSigns: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "\0": "\u{fffd}",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[<>"'&\0]/g, (sign) => htmlSigns[sign] ?? sign);
}

function escapeQuery(text: string): string {
  return Array.from(toGoBytes(text), escapeQueryByte).join("");
}

function escapeQueryByte(byte: number): string {
  const sign = String.fromCharCode(byte);
  if (/[A-Za-z0-9_.~-]/.test(sign)) return sign;
  return sign === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function escapeJs(text: string): string {
  const signs: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", '"': '\\"' };
  return text.replaceAll(
    /[\\'"<>&=\0-\x1f]/g,
    (sign) => signs[sign] ?? `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}
