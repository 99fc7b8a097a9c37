import { readGoFloat, readGoWhole } from "./read-go-number.ts";
import { unquoteGo, unquoteGoLetter } from "./unquote-go.ts";
import type { Token } from "./scan-template.ts";
import { TemplateError } from "./template-error.ts";
import type { Command, Operand, Pipeline } from "./template-tree.ts";
import type { TemplateValue } from "./template-value.ts";

interface ActionPlace {
  readonly line: number;
  /** What is wrong with a function's name; undefined: it is known. */
  readonly checkFunction: (name: string, line: number) => TemplateError | undefined;
  readonly report: (problem: TemplateError) => void;
  /** Those declared so far, `$` among them; a declaration is added. */
  readonly variables: string[];
}

/** Reads what stands in an action. */
export class ActionReader {
  readonly #words: readonly Token[];
  readonly #place: ActionPlace;
  #at = 0;

  constructor(words: readonly Token[], place: ActionPlace) {
    this.#words = words;
    this.#place = place;
  }

  get isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at >= this.#words.length;
  }

  /** A quoted text, as behind `define`. */
  string(): string {
    this.#skipSpace();
    const word = this.#words[this.#at];
    if (word?.kind !== "string") throw this.#error("a name in quotes is missing");
    this.#at += 1;
    const name = unquoteGo(word.text);
    if (name === undefined) throw this.#error(`${word.text} is no string`);
    return name;
  }

  pipeline({ isRange = false }: { readonly isRange?: boolean } = {}): Pipeline {
    const pipeline = this.#pipeline({ isRange });
    if (!this.isAtEnd) throw this.#error(`unexpected ${JSON.stringify(this.#words[this.#at]?.text)}`);
    return pipeline;
  }

  #pipeline({ isRange = false }: { readonly isRange?: boolean } = {}): Pipeline {
    const { variables, isAssignment } = this.#declaration(isRange);
    const commands = [this.#command()];
    while (this.#take("|")) commands.push(this.#command());
    for (const [index, command] of commands.entries())
      if (index > 0 && command[0].kind === "constant") throw this.#error("a value cannot stand behind |");
    if (!isAssignment) this.#place.variables.push(...variables);
    return { line: this.#place.line, variables, isAssignment, commands };
  }

  /** `$x :=`, `$i, $x :=` in a range, or `$x =`. */
  #declaration(isRange: boolean): { readonly variables: readonly string[]; readonly isAssignment: boolean } {
    const words = this.#words.slice(this.#at).filter(({ kind }) => kind !== "space");
    const texts = words.map(({ text }) => text);
    const isPair = isRange && words[0]?.kind === "variable" && texts[1] === "," && words[2]?.kind === "variable";
    const sign = isPair ? texts[3] : words[0]?.kind === "variable" ? texts[1] : undefined;
    if (sign !== ":=" && sign !== "=") return { variables: [], isAssignment: false };
    const variables = isPair ? [texts[0] ?? "", texts[2] ?? ""] : [texts[0] ?? ""];
    const unknown = sign === "=" ? variables.find((name) => !this.#place.variables.includes(name)) : undefined;
    if (unknown !== undefined) this.#tellUndeclared(unknown);
    while (this.#words[this.#at]?.text !== sign) this.#at += 1;
    this.#at += 1;
    return { variables, isAssignment: sign === "=" };
  }

  #command(): Command {
    const operands: Operand[] = [];
    for (let operand = this.#operand(); operand !== undefined; operand = this.#operand()) operands.push(operand);
    const [first, ...more] = operands;
    if (first === undefined) throw this.#error("a value is missing");
    return [first, ...more];
  }

  #operand(): Operand | undefined {
    this.#skipSpace();
    const word = this.#words[this.#at];
    if (word === undefined || word.text === "|" || word.text === ")") return undefined;
    this.#at += 1;
    switch (word.kind) {
      case "string":
        return this.#constant(word);
      case "number":
        return this.#number(word.text);
      case "variable":
        if (!this.#place.variables.includes(word.text)) this.#tellUndeclared(word.text);
        return { kind: "variable", name: word.text, fields: this.#fields() };
      case "field":
        return { kind: "dot", fields: [word.text.slice(1), ...this.#fields()] };
      case "name":
        return this.#name(word.text);
      default:
        return this.#sign(word.text);
    }
  }

  #constant({ text }: Token): Operand {
    const isLetter = text.startsWith("'");
    const value = isLetter ? unquoteGoLetter(text) : unquoteGo(text);
    if (value === undefined) throw this.#error(`${text} is ${isLetter ? "not one letter" : "no string"}`);
    return this.#alone(value);
  }

  /** Once: from here on it counts as declared. */
  #tellUndeclared(name: string): void {
    this.#place.report(this.#error(`the variable ${name} is not declared`));
    this.#place.variables.push(name);
  }

  #number(text: string): Operand {
    const value = toGoNumber(text);
    const next = this.#words[this.#at]?.kind;
    if (value === undefined || next === "name" || next === "field") throw this.#error(`${text} is no number that \`run\` knows`);
    if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value) throw this.#error(`${text} does not fit into an int`);
    return { kind: "constant", value };
  }

  /** A value that can have no field. */
  #alone(value: TemplateValue): Operand {
    if (this.#words[this.#at]?.kind === "field") throw this.#error("a field stands behind a value that can have none");
    return { kind: "constant", value };
  }

  #name(name: string): Operand {
    if (name === "true" || name === "false") return this.#alone(name === "true");
    if (name === "nil") return this.#alone(null);
    const problem = this.#place.checkFunction(name, this.#place.line);
    if (problem !== undefined) this.#place.report(problem);
    return { kind: "function", name };
  }

  #sign(sign: string): Operand {
    if (sign === ".") return { kind: "dot", fields: [] };
    if (sign !== "(") throw this.#error(`unexpected ${JSON.stringify(sign)}`);
    const pipeline = this.#pipeline();
    if (!this.#take(")")) throw this.#error("a parenthesis is not closed");
    return { kind: "group", pipeline, fields: this.#fields() };
  }

  /** Fields that follow without a blank. */
  #fields(): readonly string[] {
    const fields: string[] = [];
    for (let word = this.#words[this.#at]; word?.kind === "field"; word = this.#words[this.#at]) {
      fields.push(word.text.slice(1));
      this.#at += 1;
    }
    return fields;
  }

  #take(sign: string): boolean {
    this.#skipSpace();
    const isThere = this.#words[this.#at]?.text === sign;
    if (isThere) this.#at += 1;
    return isThere;
  }

  #skipSpace(): void {
    while (this.#words[this.#at]?.kind === "space") this.#at += 1;
  }

  #error(message: string): TemplateError {
    return new TemplateError(message, this.#place.line);
  }
}

/** Undefined: it is no number. */
function toGoNumber(text: string): bigint | number | undefined {
  return readGoWhole(text) ?? (/^[+-]?[\d_]+$/.test(text) ? undefined : readGoFloat(text));
}
