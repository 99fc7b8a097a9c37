import { describeValue, isNumber } from "@driver/hcl";
import { toJsonValue } from "./json-tree.ts";
import type { JsonNode } from "./json-tree.ts";

/** What a field takes in JSON, where nothing is converted (`go`: encoding/json). Null passes for each: it says nothing. */
export type JsonShape =
  | "any"
  | "string"
  | "bool"
  /** Written without a fraction and an exponent. */
  | "whole"
  /** The same, for a time. */
  | "nanoseconds"
  | "strings"
  /** An object of strings. */
  | "texts"
  /** An object of lists of strings. */
  | "text lists"
  | "object"
  | "list";

const words: Readonly<Record<JsonShape, string>> = {
  any: "anything",
  string: "a string",
  bool: "true or false",
  whole: "a whole number",
  nanoseconds: "a whole number of nanoseconds",
  strings: "a list of strings",
  texts: "an object of strings",
  "text lists": "an object of lists of strings",
  object: "an object",
  list: "a list of objects",
};

/** Why a value cannot stand in a field of this shape, as in `must be a string, not 1`; undefined: it can. */
export function misfitOf(node: JsonNode, shape: JsonShape): string | undefined {
  const stranger = findStranger(node, shape);
  if (stranger === undefined) return undefined;
  return `must be ${words[shape]}, ${stranger === node ? "not" : "but has"} ${describe(stranger)}`;
}

export function isJsonNull(node: JsonNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** The value where a null in a list or an object of strings is the empty string, which it is for Go. */
export function emptyOfNull<T extends JsonNode>(node: T): T {
  if (node.kind === "array") return { ...node, items: node.items.map(emptyText) };
  return node.kind === "object" ? { ...node, entries: node.entries.map((entry) => ({ ...entry, value: emptyText(entry.value) })) } : node;
}

function emptyText(node: JsonNode): JsonNode {
  return node.kind === "scalar" && node.value === null ? { ...node, value: "" } : node;
}

/** The value itself or what in it has another type; undefined: nothing has. */
function findStranger(node: JsonNode, shape: JsonShape): JsonNode | undefined {
  if (isJsonNull(node)) return undefined;
  const innerShape = innerShapes[shape];
  if (innerShape === undefined) return fits(node, shape) ? undefined : node;
  if (node.kind !== (shape === "strings" ? "array" : "object")) return node;
  const inner = node.kind === "array" ? node.items : node.kind === "object" ? node.entries.map(({ value }) => value) : [];
  return inner.map((item) => findStranger(item, innerShape)).find((found) => found !== undefined);
}

const innerShapes: Readonly<Partial<Record<JsonShape, JsonShape>>> = { strings: "string", texts: "string", "text lists": "strings" };

function fits(node: JsonNode, shape: JsonShape): boolean {
  if (shape === "any") return true;
  if (shape === "object" || shape === "list") return node.kind === (shape === "list" ? "array" : "object");
  if (node.kind !== "scalar") return false;
  if (shape === "string") return typeof node.value === "string";
  return shape === "bool" ? typeof node.value === "boolean" : typeof node.value !== "string" && isWhole(node.source);
}

const maxWhole = 2n ** 63n;

function isWhole(source: string): boolean {
  if (!/^-?\d+$/.test(source)) return false;
  const value = BigInt(source);
  return value >= -maxWhole && value < maxWhole;
}

/** A number as it is written. */
function describe(node: JsonNode): string {
  if (node.kind === "object") return "an object";
  return node.kind === "scalar" && isNumber(node.value) ? node.source : describeValue(toJsonValue(node));
}
