import { HclError } from "../error/hcl-error.ts";
import type { ConfigAttribute, ConfigBlock, ConfigBody, ConfigName, DynamicBlock } from "../value/config-body.ts";
import type { HclValue } from "../value/hcl-value.ts";
import type { Position } from "../value/position.ts";
import type { Attribute, Block, Body } from "../syntax/expression.ts";
import { evaluate } from "./evaluate.ts";
import { evaluateOrReport } from "./evaluate-or-report.ts";
import { describeKind, isList, isRecord, sortedKeys } from "../value/hcl-value.ts";
import { toText } from "../value/scalar.ts";
import { failAt, withNames } from "./scope.ts";
import type { Scope } from "./scope.ts";

/**
 * Evaluates everything in a body and expands its `dynamic` blocks. What cannot be evaluated is reported, all of it, and is
 * missing in the body, which names it in `failed`.
 */
export function evaluateBody(
  body: Body,
  position: Position,
  at: {
    readonly scope: Scope;
    readonly report: (problem: HclError) => void;
    /** Types of blocks in which `dynamic` is a block like others. Default: none. */
    readonly plainBlocks?: readonly string[];
  },
): ConfigBody {
  return new BodyEvaluator(at).body(body, position, at.scope);
}

interface Content {
  readonly blocks: readonly ConfigBlock[];
  readonly dynamic?: DynamicBlock;
  readonly failed?: readonly [string, ConfigName];
}

class BodyEvaluator {
  readonly #report: (problem: HclError) => void;
  readonly #plainBlocks: readonly string[];

  constructor(at: { readonly report: (problem: HclError) => void; readonly plainBlocks?: readonly string[] }) {
    this.#report = at.report;
    this.#plainBlocks = at.plainBlocks ?? [];
  }

  /** `isPlain`: a `dynamic` block in it is a block like others. */
  body(body: Body, position: Position, scope: Scope, isPlain = false): ConfigBody {
    const attributes = body.attributes.map((attribute) => this.#attribute(attribute, scope));
    const contents = body.blocks.map((block) => (isPlain ? this.#plain(block, scope, true) : this.#content(block, scope)));
    const lost = attributes.flatMap((found, index): readonly (readonly [string, ConfigName])[] => {
      const written = body.attributes[index];
      return found !== undefined || written === undefined ? [] : [[written.name, { form: "argument", position: written.position }]];
    });
    const failed = [...lost, ...contents.flatMap((content) => (content.failed === undefined ? [] : [content.failed]))];
    const dynamics = contents.flatMap(({ dynamic }) => (dynamic === undefined ? [] : [dynamic]));
    return {
      attributes: attributes.filter((found) => found !== undefined),
      blocks: contents.flatMap(({ blocks }) => blocks),
      position,
      ...(failed.length === 0 ? {} : { failed: new Map(failed) }),
      ...(dynamics.length === 0 ? {} : { dynamics }),
    };
  }

  #attribute({ name, expression, position }: Attribute, scope: Scope): ConfigAttribute | undefined {
    const value = evaluateOrReport(expression, scope, this.#report);
    return value === undefined ? undefined : { name, value, position };
  }

  #plain({ type, labels, body, position }: Block, scope: Scope, isPlain: boolean): Content {
    return { blocks: [{ type, labels, body: this.body(body, position, scope, isPlain), position }] };
  }

  /** The blocks that one block stands for: itself, or what a `dynamic` block expands to. */
  #content(block: Block, scope: Scope): Content {
    const { type, labels, position } = block;
    if (type !== "dynamic") return this.#plain(block, scope, this.#plainBlocks.includes(type));
    const [made = ""] = labels;
    const labelled = block.body.attributes.find(({ name }) => name === "labels")?.expression;
    const labelCount = labelled?.kind === "tuple" ? labelled.items.length : undefined;
    const dynamic = { type: made, labelCount, position };
    try {
      return { blocks: this.#expand(block, scope), dynamic };
    } catch (error) {
      if (!(error instanceof HclError)) throw error;
      this.#report(error);
      return { blocks: [], failed: [made, { form: "block", position }], ...(made === "" ? {} : { dynamic }) };
    }
  }

  /** `dynamic "x" { for_each = …; content { … } }` stands for one block x per element (`hcl`: dynblock). */
  #expand(block: Block, scope: Scope): readonly ConfigBlock[] {
    const { type, content, ...settings } = readSettings(block, scope);
    const { forEach, iterator, labels } = settings;
    const collection = this.#attribute(forEach, scope);
    if (collection === undefined) throw failAt(scope, forEach.position, "consequence")("for_each could not be evaluated");
    return toElements(collection.value, forEach, scope).map(([key, value]) => {
      const inner = withNames(scope, [[iterator, { key, value }]]);
      const body = this.body(content.body, content.position, inner, this.#plainBlocks.includes(type));
      return { type, labels: labels === undefined ? [] : toLabels(labels, inner), body, position: block.position };
    });
  }
}

interface DynamicSettings {
  readonly type: string;
  readonly content: Block;
  readonly forEach: Attribute;
  readonly iterator: string;
  readonly labels: Attribute | undefined;
}

function readSettings(block: Block, scope: Scope): DynamicSettings {
  const fail = failAt(scope, block.position);
  const [type, ...excess] = block.labels;
  if (type === undefined || excess.length > 0)
    throw fail('block dynamic: needs one label, the type of the blocks to make, as in dynamic "port"');
  const [content, ...others] = block.body.blocks;
  if (content?.type !== "content" || others.length > 0) throw fail(`block dynamic "${type}": needs one content block, and no other`);
  const find = (name: string) => block.body.attributes.find((attribute) => attribute.name === name);
  const unknown = block.body.attributes.find((attribute) => !["for_each", "iterator", "labels"].includes(attribute.name));
  if (unknown !== undefined)
    throw failAt(
      scope,
      unknown.position,
    )(`argument "${unknown.name}": unknown in a dynamic block; known are for_each, iterator and labels`);
  const forEach = find("for_each");
  if (forEach === undefined) throw failAt(scope, block.position)(`block dynamic "${type}": for_each is missing`);
  const iterator = find("iterator");
  if (iterator !== undefined && iterator.expression.kind !== "variable") {
    throw failAt(scope, iterator.position)("argument iterator: must be a bare name, without quotes");
  }
  const labels = find("labels");
  // Whatever it would come to: how many there are must be seen without evaluating anything (`hcl`: ExprList).
  if (labels !== undefined && labels.expression.kind !== "tuple") throw failAt(scope, labels.position)(labelsRule);
  return { type, content, forEach, iterator: iterator?.expression.kind === "variable" ? iterator.expression.name : type, labels };
}

function toElements(collection: HclValue, attribute: Attribute, scope: Scope): readonly (readonly [HclValue, HclValue])[] {
  if (isList(collection)) return collection.map((value, index) => [index, value]);
  if (isRecord(collection)) return sortedKeys(collection).map((key) => [key, collection[key] ?? null]);
  throw failAt(scope, attribute.position)(`argument for_each: needs a list or a map, not ${describeKind(collection)}`);
}

const labelsRule = "argument labels: needs a list of strings";

function toLabels(attribute: Attribute, scope: Scope): readonly string[] {
  const value = evaluate(attribute.expression, scope);
  const labels = isList(value) ? value.map(toText) : [undefined];
  if (!labels.every((label) => label !== undefined)) throw failAt(scope, attribute.position)(labelsRule);
  return labels;
}
