import { ActionReader } from "./read-action.ts";
import { splitTemplate, tokenize } from "./scan-template.ts";
import type { Delimiters, TemplatePart, Token } from "./scan-template.ts";
import { TemplateError } from "./template-error.ts";
import type { ParsedTemplate, TemplateNode } from "./template-tree.ts";

export const plainDelimiters: Delimiters = { left: "{{", right: "}}" };

/** Parses a template of Go's `text/template`; `knowsFunction` tells the functions. Throws a TemplateError. */
export function parseTemplate(source: string, delimiters: Delimiters, knowsFunction: (name: string) => boolean): ParsedTemplate {
  const parser = new Parser(splitTemplate(source, delimiters), knowsFunction);
  return { nodes: parser.parse(), definitions: parser.definitions };
}

/** How a list of nodes ended. */
interface Ending {
  readonly nodes: readonly TemplateNode[];
  readonly keyword: "end" | "else" | "";
  /** What follows `else` in its action. */
  readonly rest: readonly Token[];
  readonly line: number;
}

class Parser {
  readonly definitions = new Map<string, readonly TemplateNode[]>();
  readonly #parts: readonly TemplatePart[];
  readonly #knowsFunction: (name: string) => boolean;
  #at = 0;
  #loops = 0;
  #variables: string[] = ["$"];

  constructor(parts: readonly TemplatePart[], knowsFunction: (name: string) => boolean) {
    this.#parts = parts;
    this.#knowsFunction = knowsFunction;
  }

  parse(): readonly TemplateNode[] {
    const { nodes, keyword, line } = this.#list();
    if (keyword !== "") throw new TemplateError(`unexpected ${keyword}`, line);
    return nodes;
  }

  #list(): Ending {
    const nodes: TemplateNode[] = [];
    for (let part = this.#parts[this.#at]; part !== undefined; part = this.#parts[this.#at]) {
      this.#at += 1;
      if (part.kind === "text") {
        nodes.push({ kind: "text", text: part.text });
        continue;
      }
      const words = tokenize(part.text, part.line);
      const first = words.findIndex(({ kind }) => kind !== "space");
      const keyword = words[first]?.kind === "name" ? words[first].text : "";
      const rest = words.slice(first + 1);
      if (keyword === "end" || keyword === "else") return { nodes, keyword, rest, line: part.line };
      nodes.push(...this.#action(keyword, { words, rest, line: part.line }));
    }
    return { nodes, keyword: "", rest: [], line: this.#parts.at(-1)?.line ?? 1 };
  }

  #action(
    keyword: string,
    at: { readonly words: readonly Token[]; readonly rest: readonly Token[]; readonly line: number },
  ): TemplateNode[] {
    const { words, rest, line } = at;
    switch (keyword) {
      case "if":
      case "with":
      case "range":
        return [this.#block(keyword, rest, line)];
      case "break":
      case "continue":
        if (this.#loops === 0) throw new TemplateError(`${keyword} outside of a range`, line);
        return [{ kind: keyword, line }];
      case "define":
        this.#define(this.#reader(rest, line).string(), line);
        return [];
      case "block":
      case "template":
        return [this.#call(keyword, rest, line)];
      default:
        return [{ kind: "print", pipeline: this.#reader(words, line).pipeline() }];
    }
  }

  #call(keyword: "block" | "template", rest: readonly Token[], line: number): TemplateNode {
    const reader = this.#reader(rest, line);
    const name = reader.string();
    const argument = reader.isAtEnd ? undefined : reader.pipeline();
    if (keyword === "block") this.#define(name, line);
    return { kind: "template", name, argument, line };
  }

  #define(name: string, line: number): void {
    const [outer, loops] = [this.#variables, this.#loops];
    [this.#variables, this.#loops] = [["$"], 0];
    const { nodes, keyword } = this.#list();
    [this.#variables, this.#loops] = [outer, loops];
    if (keyword !== "end") throw new TemplateError(`the template ${JSON.stringify(name)} has no end`, line);
    this.definitions.set(name, nodes);
  }

  #block(kind: "if" | "with" | "range", rest: readonly Token[], line: number): TemplateNode {
    const known = this.#variables.length;
    const pipeline = this.#reader(rest, line).pipeline({ isRange: kind === "range" });
    this.#loops += kind === "range" ? 1 : 0;
    const { nodes: body, keyword, rest: afterElse, line: endLine } = this.#list();
    this.#loops -= kind === "range" ? 1 : 0;
    if (keyword === "") throw new TemplateError(`${kind} has no end`, line);
    const other = keyword === "else" ? this.#otherwise(kind, afterElse, endLine) : [];
    this.#variables = this.#variables.slice(0, known);
    return { kind, pipeline, body, other };
  }

  /** `else`, or `else if …` and `else with …`, which share the end. */
  #otherwise(kind: string, rest: readonly Token[], line: number): readonly TemplateNode[] {
    const words = rest.filter((word) => word.kind !== "space");
    const chained = words[0]?.text;
    if (words.length === 0) {
      const { nodes, keyword } = this.#list();
      if (keyword !== "end") throw new TemplateError(`${kind} has no end`, line);
      return nodes;
    }
    if (chained !== kind || (chained !== "if" && chained !== "with")) throw new TemplateError(`unexpected ${chained} after else`, line);
    return [this.#block(chained, rest.slice(rest.findIndex(({ text }) => text === chained) + 1), line)];
  }

  #reader(words: readonly Token[], line: number): ActionReader {
    return new ActionReader(words, { line, knowsFunction: this.#knowsFunction, variables: this.#variables });
  }
}
