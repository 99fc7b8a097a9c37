import type { ConfigBlock, ConfigBody } from "../value/config-body.ts";
import type { HclValue } from "../value/hcl-value.ts";
import type { Position } from "../value/position.ts";
import type { Attribute, Block, Body } from "../syntax/expression.ts";
import { evaluate } from "./evaluate.ts";
import { describeKind, isList, isRecord, sortedKeys } from "../value/hcl-value.ts";
import { toText } from "../value/scalar.ts";
import { failAt, withNames } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** Evaluates everything in a body and expands its `dynamic` blocks. */
export function evaluateBody(body: Body, position: Position, scope: Scope): ConfigBody {
  return {
    attributes: body.attributes.map(({ name, expression, position: at }) => ({ name, value: evaluate(expression, scope), position: at })),
    blocks: body.blocks.flatMap((block) => evaluateBlock(block, scope)),
    position,
  };
}

/** The blocks that one block stands for: itself, or what a `dynamic` block expands to. */
export function evaluateBlock(block: Block, scope: Scope): readonly ConfigBlock[] {
  if (block.type === "dynamic") return expandDynamic(block, scope);
  return [{ type: block.type, labels: block.labels, body: evaluateBody(block.body, block.position, scope), position: block.position }];
}

/** `dynamic "x" { for_each = …; content { … } }` stands for one block x per element (`hcl`: dynblock). */
function expandDynamic(block: Block, scope: Scope): readonly ConfigBlock[] {
  const fail = failAt(scope, block.position);
  const [type, ...excess] = block.labels;
  if (type === undefined || excess.length > 0)
    throw fail('block dynamic: needs one label, the type of the blocks to make, as in dynamic "port"');
  const [content, ...others] = block.body.blocks;
  if (content?.type !== "content" || others.length > 0) throw fail(`block dynamic "${type}": needs one content block, and no other`);
  const settings = readSettings(block, type, scope);
  return settings.elements.flatMap(([key, value]) => {
    const inner = withNames(scope, [[settings.iterator, { key, value }]]);
    const labels = settings.labels === undefined ? [] : toLabels(settings.labels, inner);
    return [{ type, labels, body: evaluateBody(content.body, content.position, inner), position: block.position }];
  });
}

interface DynamicSettings {
  readonly elements: readonly (readonly [HclValue, HclValue])[];
  readonly iterator: string;
  readonly labels: Attribute | undefined;
}

function readSettings(block: Block, type: string, scope: Scope): DynamicSettings {
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
  return {
    elements: toElements(evaluate(forEach.expression, scope), forEach, scope),
    iterator: iterator?.expression.kind === "variable" ? iterator.expression.name : type,
    labels: find("labels"),
  };
}

function toElements(collection: HclValue, attribute: Attribute, scope: Scope): readonly (readonly [HclValue, HclValue])[] {
  if (isList(collection)) return collection.map((value, index) => [index, value]);
  if (isRecord(collection)) return sortedKeys(collection).map((key) => [key, collection[key] ?? null]);
  throw failAt(scope, attribute.position)(`argument for_each: needs a list or a map, not ${describeKind(collection)}`);
}

function toLabels(attribute: Attribute, scope: Scope): readonly string[] {
  const value = evaluate(attribute.expression, scope);
  const labels = isList(value) ? value.map(toText) : [undefined];
  if (!labels.every((label) => label !== undefined)) throw failAt(scope, attribute.position)("argument labels: needs a list of strings");
  return labels;
}
