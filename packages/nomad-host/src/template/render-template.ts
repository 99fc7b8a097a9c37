import { messageOf } from "@driver/std";
import { TemplateError } from "./template-error.ts";
import type { Command, Operand, ParsedTemplate, Pipeline, TemplateNode } from "./template-tree.ts";
import {
  isTemplateList,
  isTemplateMap,
  isTrue,
  printValue,
  SizedWhole,
  sortedEntries,
  TemplateChannel,
  TemplateObject,
  typeOf,
  UniformMap,
  wholeOf,
} from "./template-value.ts";
import type { TemplateValue } from "./template-value.ts";

/** Throws an Error for what it cannot take; the place is added. */
export type TemplateFunction = (...values: readonly TemplateValue[]) => TemplateValue;

export interface RenderOptions {
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  /** True: a key that a map does not have is an error. */
  readonly refusesMissingKeys: boolean;
}

/** The text of a parsed template. Throws a TemplateError. */
export function renderTemplate({ nodes, definitions }: ParsedTemplate, options: RenderOptions): string {
  return new Renderer({ ...options, definitions }).list(nodes, { dot: undefined, variables: new Map([["$", { value: undefined }]]) });
}

interface Cell {
  value: TemplateValue;
}

interface Frame {
  readonly dot: TemplateValue;
  readonly variables: Map<string, Cell>;
}

class LoopEnd extends Error {
  readonly kind: "break" | "continue";
  readonly output: string;

  constructor(kind: "break" | "continue", output: string) {
    super(kind);
    this.kind = kind;
    this.output = output;
  }
}

const deepestCall = 1000;

class Renderer {
  readonly #options: RenderOptions & { readonly definitions: ParsedTemplate["definitions"] };
  #depth = 0;

  constructor(options: RenderOptions & { readonly definitions: ParsedTemplate["definitions"] }) {
    this.#options = options;
  }

  list(nodes: readonly TemplateNode[], frame: Frame): string {
    let output = "";
    for (const node of nodes) {
      try {
        output += this.#node(node, frame);
      } catch (error) {
        if (error instanceof LoopEnd) throw new LoopEnd(error.kind, output + error.output);
        throw error;
      }
    }
    return output;
  }

  #node(node: TemplateNode, frame: Frame): string {
    switch (node.kind) {
      case "text":
        return node.text;
      case "print": {
        const value = this.#pipeline(node.pipeline, frame);
        return node.pipeline.variables.length > 0 ? "" : printValue(value ?? undefined);
      }
      case "break":
      case "continue":
        throw new LoopEnd(node.kind, "");
      case "template":
        return this.#call(node, frame);
      case "range":
        return this.#range(node, frame);
      default:
        return this.#branch(node, frame);
    }
  }

  #call({ name, argument, line }: Extract<TemplateNode, { kind: "template" }>, frame: Frame): string {
    const nodes = this.#options.definitions.get(name);
    if (nodes === undefined) throw new TemplateError(`there is no template ${JSON.stringify(name)}`, line);
    if (this.#depth >= deepestCall) throw new TemplateError("templates call each other without end", line);
    const dot = argument === undefined ? null : this.#pipeline(argument, frame);
    this.#depth += 1;
    const text = this.list(nodes, { dot, variables: new Map([["$", { value: dot }]]) });
    this.#depth -= 1;
    return text;
  }

  #branch({ kind, pipeline, body, other }: Extract<TemplateNode, { kind: "if" | "with" | "range" }>, frame: Frame): string {
    const inner = { ...frame, variables: new Map(frame.variables) };
    const value = this.#pipeline(pipeline, inner);
    if (!isTrue(value)) return this.list(other, inner);
    return this.list(body, kind === "with" ? { ...inner, dot: value } : inner);
  }

  #range({ pipeline, body, other }: Extract<TemplateNode, { kind: "if" | "with" | "range" }>, frame: Frame): string {
    const value = this.#pipeline({ ...pipeline, variables: [] }, frame);
    const [first, second] = pipeline.variables;
    if (second !== undefined && wholeOf(value) !== undefined)
      throw new TemplateError(`range over the number ${printValue(value)} gives one variable, not two`, pipeline.line);
    const entries = entriesOf(value, pipeline.line);
    let output = "";
    let isEmpty = true;
    for (const [key, item] of entries) {
      isEmpty = false;
      const inner = { dot: item, variables: new Map(frame.variables) };
      const set = (name: string | undefined, given: TemplateValue): void => {
        if (name !== undefined) assign(inner, name, { value: given, isAssignment: pipeline.isAssignment });
      };
      set(first, second === undefined ? item : key);
      set(second, item);
      try {
        output += this.list(body, inner);
      } catch (error) {
        if (!(error instanceof LoopEnd)) throw error;
        output += error.output;
        if (error.kind === "break") break;
      }
    }
    return isEmpty ? this.list(other, frame) : output;
  }

  #pipeline({ commands, variables, isAssignment, line }: Pipeline, frame: Frame): TemplateValue {
    let value: TemplateValue;
    for (const [index, command] of commands.entries()) value = this.#command(command, index === 0 ? [] : [value], { frame, line });
    for (const name of variables) assign(frame, name, { value, isAssignment });
    return value;
  }

  #command([first, ...rest]: Command, last: readonly TemplateValue[], at: { readonly frame: Frame; readonly line: number }): TemplateValue {
    const { frame, line } = at;
    if (first.kind === "constant" && first.value === null) throw new TemplateError("nil is not a command", line);
    if (first.kind !== "function") {
      if (rest.length + last.length > 0) throw new TemplateError("a value takes no arguments", line);
      return this.#operand(first, frame, line);
    }
    if (first.name === "and" || first.name === "or") return this.#logic(first.name, [rest, last], at);
    const call = this.#options.functions.get(first.name);
    if (call === undefined) throw new TemplateError(`the function ${first.name} is unknown`, line);
    const values = rest.map((operand) => this.#operand(operand, frame, line));
    return evaluate(() => call(...values, ...last), { name: first.name, line });
  }

  /** Evaluates no further than it must. */
  #logic(
    name: "and" | "or",
    [operands, last]: readonly [readonly Operand[], readonly TemplateValue[]],
    { frame, line }: { readonly frame: Frame; readonly line: number },
  ): TemplateValue {
    if (operands.length + last.length === 0) throw new TemplateError(`${name}: an argument is missing`, line);
    let value: TemplateValue;
    for (const operand of operands) {
      value = this.#operand(operand, frame, line);
      if (isTrue(value) === (name === "or")) return value;
    }
    return last.length > 0 ? last[0] : value;
  }

  #operand(operand: Operand, frame: Frame, line: number): TemplateValue {
    switch (operand.kind) {
      case "constant":
        return operand.value;
      case "function":
        return this.#command([operand], [], { frame, line });
      case "dot":
        return this.#fields(frame.dot, operand.fields, line);
      case "variable":
        return this.#fields(frame.variables.get(operand.name)?.value, operand.fields, line);
      case "group":
        return this.#fields(this.#pipeline(operand.pipeline, frame), operand.fields, line);
    }
  }

  #fields(value: TemplateValue, fields: readonly string[], line: number): TemplateValue {
    // What is nothing has no fields, and asking for one is no mistake; a field that is nothing may not be asked (`go`: evalField).
    const isNothing = value === undefined || value === null;
    if (isNothing && fields.length > 0 && !this.#options.refusesMissingKeys) return undefined;
    return fields.reduce((inner, name) => this.#field(inner, name, line), value);
  }

  #field(value: TemplateValue, name: string, line: number): TemplateValue {
    const methods = value instanceof UniformMap || value instanceof TemplateObject ? value.methods : {};
    if (Object.hasOwn(methods, name)) return evaluate(() => methods[name]?.(), { name, line });
    if (isTemplateMap(value)) {
      if (!value.has(name) && this.#options.refusesMissingKeys)
        throw new TemplateError(`map has no entry for key ${JSON.stringify(name)}`, line);
      return value.get(name);
    }
    if (value instanceof TemplateObject && Object.hasOwn(value.fields, name)) return value.fields[name];
    if (value === undefined || value === null) throw new TemplateError(`there is no value that could have a field ${name}`, line);
    throw new TemplateError(`a ${typeOf(value)} has no field ${name}`, line);
  }
}

/** What is wrong with it gets its name and place. */
function evaluate(compute: () => TemplateValue, { name, line }: { readonly name: string; readonly line: number }): TemplateValue {
  try {
    return compute();
  } catch (error) {
    throw new TemplateError(`${name}: ${messageOf(error)}`, line, { cause: error });
  }
}

function assign(
  frame: Frame,
  name: string,
  { value, isAssignment }: { readonly value: TemplateValue; readonly isAssignment: boolean },
): void {
  const cell = isAssignment ? frame.variables.get(name) : undefined;
  if (cell === undefined) frame.variables.set(name, { value });
  else cell.value = value;
}

function entriesOf(value: TemplateValue, line: number): Iterable<readonly [TemplateValue, TemplateValue]> {
  if (isTemplateList(value)) return value.map((item, index) => [BigInt(index), item]);
  if (isTemplateMap(value)) return sortedEntries(value);
  if (value instanceof TemplateChannel) return numbered(value);
  if (value instanceof SizedWhole || typeof value === "bigint") return countUp(value);
  if (value === undefined || value === null) return [];
  throw new TemplateError(`range cannot go over a ${typeOf(value)}`, line);
}

function* numbered(channel: TemplateChannel): Generator<readonly [TemplateValue, TemplateValue]> {
  let index = 0n;
  for (const value of channel.take()) {
    yield [index, value];
    index += 1n;
  }
}

/** From 0 to before the number, in its own type. */
function* countUp(end: SizedWhole | bigint): Generator<readonly [TemplateValue, TemplateValue]> {
  const [type, last] = typeof end === "bigint" ? [undefined, end] : [end.type, end.value];
  for (let at = 0n; at < last; at += 1n) {
    const value = type === undefined ? at : new SizedWhole(type, at);
    yield [value, value];
  }
}
