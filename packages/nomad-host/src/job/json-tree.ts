import { toNumber } from "@driver/hcl";
import type { HclValue, Position, SourceFile } from "@driver/hcl";
import { visit } from "jsonc-parser";
import { JobFileError } from "./job-file-error.ts";

/** JSON with positions, which JSON.parse does not give. */
export type JsonNode =
  | { readonly kind: "object"; readonly entries: readonly JsonEntry[]; readonly position: Position }
  | { readonly kind: "array"; readonly items: readonly JsonNode[]; readonly position: Position }
  | {
      readonly kind: "scalar";
      readonly value: string | number | bigint | boolean | null;
      /** As it is written. */
      readonly source: string;
      readonly position: Position;
    };

export interface JsonEntry {
  readonly key: string;
  readonly value: JsonNode;
  /** Of the key. */
  readonly position: Position;
}

/** Deeper nesting than any job needs, and far from the end of the stack. */
const maxDepth = 200;

/**
 * Parses JSON text; throws a JobFileError at the place where it is none. What follows the value is wrong, unless the text ends with
 * it whatever follows.
 */
export function parseJsonTree(source: SourceFile, { endsWithRoot = false }: { readonly endsWithRoot?: boolean } = {}): JsonNode {
  const builder = new TreeBuilder();
  const refuse = (offset: number, length: number, position: Position) => {
    const found = source.text.slice(offset, offset + Math.min(length, 40));
    const what = offset >= source.text.length ? "the file ends too early" : `unexpected ${JSON.stringify(found)}`;
    return new JobFileError(`this is not valid JSON: ${what}`, { code: "syntax", source, position });
  };
  const open = (kind: "object" | "array", position: Position) => {
    if (builder.depth >= maxDepth) throw new JobFileError("nested too deeply to be a job", { code: "syntax", source, position });
    builder.open(kind, position);
  };
  visit(
    source.text,
    {
      onObjectBegin: (_offset, _length, line, character) => open("object", toPosition(line, character)),
      onArrayBegin: (_offset, _length, line, character) => open("array", toPosition(line, character)),
      onObjectProperty: (key, ...[, , line, character]) => builder.name(key.toWellFormed(), toPosition(line, character)),
      onObjectEnd: () => builder.close(),
      onArrayEnd: () => builder.close(),
      onLiteralValue: (value: string | number | boolean | null, ...[offset, length, line, character]) => {
        const written = source.text.slice(offset, offset + length);
        builder.add({ kind: "scalar", value: toExact(value, written), source: written, position: toPosition(line, character) });
      },
      onError: (_code, ...[offset, length, line, character]) => {
        if (endsWithRoot && builder.isComplete) return;
        throw refuse(offset, length, toPosition(line, character));
      },
    },
    { disallowComments: true },
  );
  return builder.root ?? { kind: "scalar", value: null, source: "", position: toPosition(0, 0) };
}

/** Half a surrogate pair is no character, for Go either. */
function toExact(value: string | number | boolean | null, written: string): string | number | bigint | boolean | null {
  if (typeof value === "number") return toNumber(written) ?? value;
  return typeof value === "string" ? value.toWellFormed() : value;
}

/** The plain value of a node. */
export function toJsonValue(node: JsonNode): HclValue {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "array") return node.items.map(toJsonValue);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, toJsonValue(value)]));
}

interface Open {
  readonly node: { readonly kind: "object"; readonly entries: JsonEntry[] } | { readonly kind: "array"; readonly items: JsonNode[] };
  /** The key whose value comes next. */
  key: { readonly key: string; readonly position: Position };
}

/** Puts a tree together from what the parser meets, in its order. */
class TreeBuilder {
  root: JsonNode | undefined;
  readonly #open: Open[] = [];

  get depth(): number {
    return this.#open.length;
  }

  /** Whether the root has come to its end. */
  get isComplete(): boolean {
    return this.root !== undefined && this.#open.length === 0;
  }

  open(kind: "object" | "array", position: Position): void {
    const node = kind === "object" ? { kind, entries: [], position } : { kind, items: [], position };
    this.add(node);
    this.#open.push({ node, key: { key: "", position } });
  }

  name(key: string, position: Position): void {
    const inner = this.#open.at(-1);
    if (inner !== undefined) inner.key = { key, position };
  }

  close(): void {
    this.#open.pop();
  }

  add(node: JsonNode): void {
    const inner = this.#open.at(-1);
    if (inner === undefined) this.root = node;
    else if (inner.node.kind === "object") inner.node.entries.push({ ...inner.key, value: node });
    else inner.node.items.push(node);
  }
}

function toPosition(line: number, character: number): Position {
  return { line: line + 1, column: character + 1 };
}
