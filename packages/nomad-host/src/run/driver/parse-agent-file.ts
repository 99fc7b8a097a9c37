import type { HclRecord, HclValue, Position, SourceFile } from "@driver/hcl";
import { placeAt, toNumber } from "@driver/hcl";
import { JobFileError } from "../../job/job-file-error.ts";
import { parseJsonTree, toJsonValue } from "../../job/json-tree.ts";

/** A key of an agent's file with what it holds. */
export interface AgentEntry {
  /** The key, and the names behind it. */
  readonly path: readonly string[];
  readonly value: AgentValue;
  /** Whether it was written with `=`, as everything in JSON is. */
  readonly isAssigned: boolean;
  readonly position: Position;
}

/** An object keeps its entries, so that each has its place. */
export type AgentValue = HclValue | AgentObject;

export class AgentObject {
  readonly entries: readonly AgentEntry[];

  constructor(entries: readonly AgentEntry[]) {
    this.entries = entries;
  }

  /** The object as a value; of objects with one name there is a list, as the language has it. */
  toValue(): HclRecord {
    const found = new Map<string, HclValue[]>();
    for (const { path, value } of this.entries) {
      const [name = "", ...labels] = path;
      const plain = value instanceof AgentObject ? value.toValue() : value;
      const nested = labels.reduceRight<HclValue>((inner, label) => ({ [label]: inner }), plain);
      found.set(name, [...(found.get(name) ?? []), nested]);
    }
    return Object.fromEntries([...found].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? null) : values]));
  }
}

/**
 * Reads an agent's configuration file: HCL 1, the language's first version, where keys may be quoted, or JSON. Throws a
 * JobFileError at the place of what is neither.
 */
export function parseAgentFile(source: SourceFile): AgentObject {
  if (source.name.endsWith(".json") || source.text.trimStart().startsWith("{")) return fromJson(source);
  return new AgentParser(source).parse();
}

function fromJson(source: SourceFile): AgentObject {
  const root = parseJsonTree(source);
  if (root.kind !== "object") throw new JobFileError("an agent's file is an object", { code: "syntax", source, position: root.position });
  const toEntries = (node: typeof root): AgentObject =>
    new AgentObject(
      node.entries.flatMap(({ key, value, position }) => {
        const isBlocks = value.kind === "array" && value.items.length > 0 && value.items.every(({ kind }) => kind === "object");
        const values = isBlocks ? value.items : [value];
        const isAssigned = true;
        return values.map((item) => ({
          path: [key],
          value: item.kind === "object" ? toEntries(item) : toJsonValue(item),
          isAssigned,
          position,
        }));
      }),
    );
  return toEntries(root);
}

const maxDepth = 100;
const blank = /(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const word = /[\p{L}_][\p{L}\p{N}_.-]*/uy;
const quoted = /"(?:\$\{[^}\n]*\}|\\[\s\S]|[^"\\\n])*"/y;
const number = /-?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/y;
const heredoc = /<<(-?)([\p{L}_][\p{L}\p{N}_-]*)\r?\n/uy;

class AgentParser {
  readonly #source: SourceFile;
  #at = 0;
  #depth = 0;

  constructor(source: SourceFile) {
    this.#source = source;
  }

  parse(): AgentObject {
    const entries = this.#entries();
    if (this.#at < this.#source.text.length) throw this.#failure("a key was expected");
    return new AgentObject(entries);
  }

  #entries(): readonly AgentEntry[] {
    const entries: AgentEntry[] = [];
    for (this.#skip(); this.#at < this.#source.text.length && !this.#sees("}"); this.#skip()) {
      entries.push(this.#entry());
      this.#skip();
      this.#take(",");
    }
    return entries;
  }

  #entry(): AgentEntry {
    const position = this.#position();
    const path: string[] = [];
    for (let key = this.#key(); key !== undefined; key = this.#key()) {
      path.push(key);
      this.#skip();
    }
    if (path.length === 0) throw this.#failure("a key was expected");
    if (this.#take("=")) return { path, position, isAssigned: true, value: this.#value() };
    if (this.#sees("{")) return { path, position, isAssigned: false, value: this.#object() };
    throw this.#failure(`= or { was expected behind ${path.join(" ")}`);
  }

  #key(): string | undefined {
    return this.#match(word) ?? this.#string();
  }

  #value(): AgentValue {
    this.#skip();
    if (this.#sees("{")) return this.#object();
    if (this.#sees("[")) return this.#list();
    const text = this.#string() ?? this.#heredoc();
    if (text !== undefined) return text;
    const digits = this.#match(number);
    if (digits !== undefined) return toNumber(digits) ?? Number(digits);
    const name = this.#match(word);
    if (name === "true" || name === "false") return name === "true";
    throw this.#failure("a value was expected: text in quotes, a number, true, false, a list or an object");
  }

  #object(): AgentObject {
    this.#enter();
    const entries = this.#entries();
    if (!this.#take("}")) throw this.#failure("the object is not closed");
    this.#depth -= 1;
    return new AgentObject(entries);
  }

  #list(): HclValue {
    this.#enter();
    const items: HclValue[] = [];
    for (this.#skip(); !this.#take("]"); this.#skip()) {
      const value = this.#value();
      items.push(value instanceof AgentObject ? value.toValue() : value);
      this.#skip();
      if (!this.#take(",") && !this.#sees("]")) throw this.#failure(", or ] was expected");
    }
    this.#depth -= 1;
    return items;
  }

  #enter(): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.#failure("nested too deeply to be an agent's file");
  }

  #string(): string | undefined {
    const start = this.#at;
    const text = this.#match(quoted);
    if (text === undefined) return undefined;
    try {
      const escaped = text.replace(/\\U([0-9a-fA-F]{8})/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
      const read: unknown = JSON.parse(escaped.replaceAll("\t", "\\t"));
      return typeof read === "string" ? read : "";
    } catch {
      this.#at = start;
      throw this.#failure("the text has an escape that is none");
    }
  }

  #heredoc(): string | undefined {
    const head = this.#match(heredoc);
    if (head === undefined) return undefined;
    const [, dash = "", name = ""] = /^<<(-?)(\S+)/.exec(head) ?? [];
    const lines = this.#source.text.slice(this.#at).split("\n");
    const end = lines.findIndex((line) => line.trim() === name);
    if (end < 0) throw this.#failure(`the heredoc has no end line ${name}`);
    const body = lines.slice(0, end);
    this.#at += [...body, lines[end] ?? ""].join("\n").length;
    const indent = /^\s*/.exec(lines[end] ?? "")?.[0] ?? "";
    const isIndented = dash === "-" && body.every((line) => line.startsWith(indent));
    return body.map((line) => `${isIndented ? line.slice(indent.length) : line}\n`).join("");
  }

  #skip(): void {
    this.#match(blank);
  }

  #sees(sign: string): boolean {
    return this.#source.text.startsWith(sign, this.#at);
  }

  #take(sign: string): boolean {
    if (!this.#sees(sign)) return false;
    this.#at += sign.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, pattern.flags);
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #position(): Position {
    return placeAt(this.#source.text, this.#at);
  }

  #failure(message: string): JobFileError {
    return new JobFileError(`this is no agent's file: ${message}`, { code: "syntax", source: this.#source, position: this.#position() });
  }
}
