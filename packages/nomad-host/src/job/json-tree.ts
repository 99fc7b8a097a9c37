import { parseJsonValue } from "@driver/hcl";
import type { HclValue, Position, SourceFile } from "@driver/hcl";
import { JobFileError } from "./job-file-error.ts";

/** JSON with positions, which JSON.parse does not give. */
export type JsonNode =
  | { readonly kind: "object"; readonly entries: readonly JsonEntry[]; readonly position: Position }
  | { readonly kind: "array"; readonly items: readonly JsonNode[]; readonly position: Position }
  | { readonly kind: "scalar"; readonly value: string | number | bigint | boolean | null; readonly position: Position };

export interface JsonEntry {
  readonly key: string;
  readonly value: JsonNode;
  /** Of the key. */
  readonly position: Position;
}

interface Token {
  readonly text: string;
  readonly index: number;
}

/** Deeper nesting than any job needs, and far from the end of the stack. */
const maxDepth = 200;

/** Parses JSON text; throws a JobFileError at the place where it is none. */
export function parseJsonTree(source: SourceFile): JsonNode {
  const tokens = tokenize(source);
  const [node, next] = parseValue({ tokens, source }, { next: 0, depth: 0 });
  const excess = tokens[next];
  if (excess !== undefined) throw unexpected(excess, source);
  return node;
}

/** The plain value of a node. */
export function toJsonValue(node: JsonNode): HclValue {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "array") return node.items.map(toJsonValue);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, toJsonValue(value)]));
}

function tokenize(source: SourceFile): readonly Token[] {
  const pattern = /[\s\uFEFF]+|[{}[\]:,]|"(?:[^"\\\n]|\\.)*"|-?[0-9][0-9.eE+-]*|[a-z]+|[\s\S]/g;
  return [...source.text.matchAll(pattern)]
    .filter((match) => !/^[\s\uFEFF]/.test(match[0]))
    .map((match) => ({ text: match[0], index: match.index }));
}

interface Input {
  readonly tokens: readonly Token[];
  readonly source: SourceFile;
}

type Parsed<T> = readonly [value: T, next: number];

interface Cursor {
  readonly next: number;
  readonly depth: number;
}

function parseValue(input: Input, at: Cursor): Parsed<JsonNode> {
  const token = input.tokens[at.next];
  if (token === undefined || at.depth > maxDepth) throw unexpected(token, input.source);
  const position = positionAt(input.source.text, token.index);
  const inner = { next: at.next + 1, depth: at.depth + 1 };
  if (token.text === "{") {
    const [entries, next] = parseItems(input, { at: inner, close: "}" }, parseEntry);
    return [{ kind: "object", entries, position }, next];
  }
  if (token.text === "[") {
    const [items, next] = parseItems(input, { at: inner, close: "]" }, parseValue);
    return [{ kind: "array", items, position }, next];
  }
  return [{ kind: "scalar", value: parseScalar(token, input.source), position }, at.next + 1];
}

function parseItems<T>(
  input: Input,
  list: { readonly at: Cursor; readonly close: string },
  parseItem: (input: Input, at: Cursor) => Parsed<T>,
): Parsed<readonly T[]> {
  const items: T[] = [];
  let { next } = list.at;
  if (input.tokens[next]?.text === list.close) return [items, next + 1];
  for (;;) {
    const [item, after] = parseItem(input, { ...list.at, next });
    items.push(item);
    const token = input.tokens[after];
    if (token?.text === list.close) return [items, after + 1];
    if (token?.text !== ",") throw unexpected(token, input.source);
    next = after + 1;
  }
}

function parseEntry(input: Input, at: Cursor): Parsed<JsonEntry> {
  const { tokens, source } = input;
  const token = tokens[at.next];
  const colon = tokens[at.next + 1];
  const key = token === undefined ? undefined : parseScalar(token, source);
  if (token === undefined || typeof key !== "string") throw unexpected(token, source);
  if (colon?.text !== ":") throw unexpected(colon, source);
  const [value, next] = parseValue(input, { ...at, next: at.next + 2 });
  return [{ key, value, position: positionAt(source.text, token.index) }, next];
}

function parseScalar(token: Token, source: SourceFile): string | number | bigint | boolean | null {
  const parsed = parseJsonValue(token.text);
  if (!parsed.ok || (typeof parsed.value === "object" && parsed.value !== null)) throw unexpected(token, source);
  return parsed.value;
}

function unexpected(token: Token | undefined, source: SourceFile): JobFileError {
  const index = token?.index ?? source.text.length;
  const what = token === undefined ? "the file ends too early" : `unexpected ${JSON.stringify(token.text.slice(0, 40))}`;
  return new JobFileError(`this is not valid JSON: ${what}`, { code: "syntax", source, position: positionAt(source.text, index) });
}

function positionAt(text: string, index: number): Position {
  const lineStart = text.lastIndexOf("\n", index - 1) + 1;
  return { line: text.slice(0, lineStart).split("\n").length, column: index - lineStart + 1 };
}
