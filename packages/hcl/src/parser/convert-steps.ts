import type { Node } from "web-tree-sitter";
import { expressionsOf, missing, syntaxError, type ConvertContext } from "./convert-context.ts";
import { toExpression } from "./convert-expression.ts";
import type { Expression, SplatStep } from "../syntax/expression.ts";
import { childrenOf, positionOf } from "./syntax-tree.ts";

/** What a step behind a value makes of it: an attribute, an index or a splat. `start` is where the value begins. */
export function applyStep(target: Expression, at: { readonly step: Node; readonly start: Node }, context: ConvertContext): Expression {
  const { step, start } = at;
  const text = context.source.text.slice(start.startIndex, step.endIndex);
  if (step.type === "splat") return toSplat(target, step, context);
  const converted = toStep(step, context);
  return { ...converted, target, text };
}

function toStep(node: Node, context: ConvertContext): SplatStep {
  const position = positionOf(node);
  if (node.type === "get_attr") return { kind: "attribute", name: node.lastChild?.text ?? "", position };
  const index = childrenOf(node)[0];
  if (node.type !== "index" || index === undefined) return missing(node, context);
  if (index.type === "legacy_index")
    return { kind: "index", key: { kind: "literal", value: Number(index.text.slice(1)), position }, position };
  const key = expressionsOf(index)[0];
  return key === undefined ? missing(node, context) : { kind: "index", key: toExpression(key, context), position };
}

/** `.*` carries attribute steps into each element, and an index then picks from the result; `[*]` carries all steps. */
function toSplat(target: Expression, node: Node, context: ConvertContext): Expression {
  const splat = childrenOf(node)[0];
  if (splat === undefined) return missing(node, context);
  const nodes = childrenOf(splat).slice(1);
  const end = splat.type === "attr_splat" ? nodes.findIndex((step) => step.firstChild?.type === "new_index") : -1;
  const carried = end === -1 ? nodes : nodes.slice(0, end);
  const after = end === -1 ? [] : nodes.slice(end);
  const result: Expression = { kind: "splat", target, steps: carried.map((step) => toStep(step, context)), position: positionOf(node) };
  return after.reduce<Expression>((inner, step) => ({ ...toStep(step, context), target: inner, text: "" }), result);
}

/** `x.0` is allowed, `x.0.1` and `1.5.0` are not (`hcl`). */
export function checkLegacyIndexes(nodes: readonly Node[], context: ConvertContext): void {
  for (const [index, node] of nodes.entries()) {
    const previous = nodes[index - 1];
    const follows = previous !== undefined && (isLegacyIndex(previous) || previous.firstChild?.type === "numeric_lit");
    if (follows && isLegacyIndex(node)) throw syntaxError("index: write it in brackets, as in [0]", node, context);
  }
}

function isLegacyIndex(node: Node): boolean {
  return node.firstChild?.type === "legacy_index";
}
