import { trimBlanks } from "@driver/hcl";
import { ActionReader } from "./read-action.ts";
import { splitTemplate, tokenize } from "./scan-template.ts";
import type { Delimiters, TemplatePart, Token } from "./scan-template.ts";
import { TemplateError } from "./template-error.ts";
import type { ParsedTemplate, Pipeline, TemplateNode } from "./template-tree.ts";

export const plainDelimiters: Delimiters = { left: "{{", right: "}}" };

/** What is wrong with a function's name at a line; undefined: it is known. */
export type CheckFunction = (name: string, line: number) => TemplateError | undefined;

/** Parses a template of Go's `text/template`. Throws one TemplateError for all that is wrong. */
export function parseTemplate(source: string, delimiters: Delimiters, checkFunction: CheckFunction): ParsedTemplate {
  const parser = new Parser(splitTemplate(source, delimiters), checkFunction);
  const nodes = parser.parseAll();
  const [first, ...further] = parser.problems;
  if (first !== undefined) throw new TemplateError(first.message, first.line, { isForeign: first.isForeign, further });
  return { nodes, definitions: parser.definitions };
}

/** How a list of nodes ended. */
interface Ending {
  readonly nodes: readonly TemplateNode[];
  readonly keyword: "end" | "else" | "";
  /** What follows `else` in its action. */
  readonly rest: Words;
  readonly line: number;
}

/** An action's words; undefined: it cannot be taken apart, which is told. */
type Words = readonly Token[] | undefined;

class Parser {
  readonly problems: TemplateError[] = [];
  readonly definitions = new Map<string, readonly TemplateNode[]>();
  readonly #parts: readonly TemplatePart[];
  readonly #checkFunction: CheckFunction;
  #at = 0;
  #loops = 0;
  /** In how many actions that have an end of their own. */
  #depth = 0;
  #variables: string[] = ["$"];

  constructor(parts: readonly TemplatePart[], checkFunction: CheckFunction) {
    this.#parts = parts;
    this.#checkFunction = checkFunction;
  }

  /**
   * The text outside of all definitions, which is the template with the empty name. What is wrong is among the problems, and the rest
   * is read all the same.
   */
  parseAll(): readonly TemplateNode[] {
    const nodes = this.#outside();
    this.#keep("", nodes, { line: 1, twice: 'the template "" is the text outside of all others, so that cannot be defined' });
    return this.definitions.get("") ?? nodes;
  }

  #outside(): readonly TemplateNode[] {
    const found: TemplateNode[] = [];
    for (;;) {
      const { nodes, keyword, line } = this.#list();
      found.push(...nodes);
      if (keyword === "") return found;
      this.#report(`unexpected ${keyword}`, line);
    }
  }

  #report(message: string, line: number): void {
    this.problems.push(new TemplateError(message, line));
  }

  /** What `read` gives; else its problem is noted. */
  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.problems.push(error);
      return undefined;
    }
  }

  #list(): Ending {
    const nodes: TemplateNode[] = [];
    for (let part = this.#parts[this.#at]; part !== undefined; part = this.#parts[this.#at]) {
      this.#at += 1;
      if (part.kind === "text") {
        nodes.push({ kind: "text", text: part.text });
        continue;
      }
      const words = this.#attempt(() => tokenize(part.text, part.line));
      if (words === undefined) this.#variables.push(...declaredIn(part.text));
      const [blanks = "", keyword = ""] = /^\s*([\p{L}_][\p{L}\p{Nd}_]*)?/u.exec(part.text) ?? [];
      const rest = words?.slice((blanks.length > keyword.length ? 1 : 0) + 1);
      if (keyword === "end") this.#expectNothing(keyword, rest, part.line);
      if (keyword === "end" || keyword === "else") return { nodes, keyword, rest, line: part.line };
      nodes.push(...this.#action(keyword, { words, rest, line: part.line }));
    }
    return { nodes, keyword: "", rest: [], line: this.#parts.at(-1)?.line ?? 1 };
  }

  #action(keyword: string, at: { readonly words: Words; readonly rest: Words; readonly line: number }): TemplateNode[] {
    const { words, rest, line } = at;
    switch (keyword) {
      case "if":
      case "with":
      case "range":
        return [this.#block(keyword, rest, line)];
      case "break":
      case "continue":
        if (this.#loops === 0) this.#report(`${keyword} outside of a range`, line);
        this.#expectNothing(keyword, rest, line);
        return [{ kind: keyword, line }];
      case "define":
        if (this.#depth > 0) this.#report("define stands inside of another action", line);
        this.#define(this.#definedName(rest, line), line);
        return [];
      case "block":
      case "template":
        return [this.#call(keyword, rest, line)];
      default:
        return [{ kind: "print", pipeline: this.#pipeline(words, line) }];
    }
  }

  /** Undefined: it cannot be read, which is told. */
  #definedName(words: Words, line: number): string | undefined {
    const reader = this.#reader(words ?? [], line);
    const name = words === undefined ? undefined : this.#attempt(() => reader.string());
    if (name !== undefined && !reader.isAtEnd) this.#report("behind the name of a template nothing follows", line);
    return name;
  }

  #expectNothing(keyword: string, words: Words, line: number): void {
    if (words?.some(({ kind }) => kind !== "space") === true) this.#report(`behind ${keyword} nothing follows`, line);
  }

  /** In the place of one that is wrong stands one that says nothing; what it would have declared counts as declared. */
  #pipeline(words: Words, line: number, { isRange = false }: { readonly isRange?: boolean } = {}): Pipeline {
    const pipeline = words === undefined ? undefined : this.#attempt(() => this.#reader(words, line).pipeline({ isRange }));
    if (pipeline !== undefined) return pipeline;
    this.#variables.push(...declaredIn((words ?? []).map(({ text }) => text).join("")));
    return { line, variables: [], isAssignment: false, commands: [[{ kind: "constant", value: "" }]] };
  }

  #call(keyword: "block" | "template", rest: Words, line: number): TemplateNode {
    const reader = this.#reader(rest ?? [], line);
    const name = rest === undefined ? undefined : this.#attempt(() => reader.string());
    const argument = this.#attempt(() => (name === undefined || reader.isAtEnd ? undefined : reader.pipeline()));
    if (keyword === "block" && name !== undefined && argument === undefined) this.#report("block needs a value behind its name", line);
    if (keyword === "block") this.#define(name, line);
    return { kind: "template", name: name ?? "", argument, line };
  }

  #define(name: string | undefined, line: number): void {
    const [outer, loops] = [this.#variables, this.#loops];
    [this.#variables, this.#loops] = [["$"], 0];
    const { nodes, keyword } = this.#inside();
    [this.#variables, this.#loops] = [outer, loops];
    if (keyword !== "end") this.#report(`the template ${JSON.stringify(name ?? "")} has no end`, line);
    if (name !== undefined) this.#keep(name, nodes, { line, twice: `the template ${JSON.stringify(name)} is defined twice` });
  }

  /** One that says nothing takes no other's place (`go`: text/template's IsEmptyTree). */
  #keep(name: string, nodes: readonly TemplateNode[], { line, twice }: { readonly line: number; readonly twice: string }): void {
    const known = this.definitions.get(name);
    if (known === undefined || isEmpty(known)) this.definitions.set(name, nodes);
    else if (!isEmpty(nodes)) this.#report(twice, line);
  }

  #inside(): Ending {
    this.#depth += 1;
    const ending = this.#list();
    this.#depth -= 1;
    return ending;
  }

  #block(kind: "if" | "with" | "range", rest: Words, line: number): TemplateNode {
    const known = this.#variables.length;
    const pipeline = this.#pipeline(rest, line, { isRange: kind === "range" });
    this.#loops += kind === "range" ? 1 : 0;
    const { nodes: body, keyword, rest: afterElse, line: endLine } = this.#inside();
    this.#loops -= kind === "range" ? 1 : 0;
    if (keyword === "") this.#report(`${kind} has no end`, line);
    const other = keyword === "else" ? this.#otherwise(kind, afterElse, endLine) : [];
    this.#variables = this.#variables.slice(0, known);
    return { kind, pipeline, body, other };
  }

  /** `else`, or `else if …` and `else with …`, which share the end. */
  #otherwise(kind: string, rest: Words, line: number): readonly TemplateNode[] {
    const words = (rest ?? []).filter((word) => word.kind !== "space");
    const chained = words[0]?.text;
    if (chained === kind && (chained === "if" || chained === "with"))
      return [this.#block(chained, rest?.slice(rest.findIndex(({ text }) => text === chained) + 1), line)];
    if (chained !== undefined) this.#report(`unexpected ${chained} after else`, line);
    const { nodes, keyword, line: endLine } = this.#inside();
    if (keyword === "") this.#report(`${kind} has no end`, line);
    else if (keyword === "else") this.#report("unexpected else after else", endLine);
    return nodes;
  }

  #reader(words: readonly Token[], line: number): ActionReader {
    const report = (problem: TemplateError): number => this.problems.push(problem);
    return new ActionReader(words, { line, checkFunction: this.#checkFunction, report, variables: this.#variables });
  }
}

function isEmpty(nodes: readonly TemplateNode[]): boolean {
  return nodes.every((node) => node.kind === "text" && trimBlanks(node.text) === "");
}

/** The variables that an action means to declare, whatever is wrong in it. */
function declaredIn(action: string): readonly string[] {
  const [, names = ""] = /((?:\$[\p{L}\p{Nd}_]+[\s,]*)+):=/u.exec(action) ?? [];
  return names.match(/\$[\p{L}\p{Nd}_]+/gu) ?? [];
}
