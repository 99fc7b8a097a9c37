import type { Node } from "web-tree-sitter";
import type { Attribute, Block, Body } from "../syntax/expression.ts";
import { syntaxError, type ConvertContext } from "./convert-context.ts";
import { toExpression } from "./convert-expression.ts";
import { toConstantText } from "./convert-template.ts";
import { childrenOf, positionOf } from "./syntax-tree.ts";

/** Converts the root of a syntax tree without error nodes. */
export function toBody(root: Node, context: ConvertContext): Body {
  const content = childrenOf(root)[0];
  if (content === undefined) return { attributes: [], blocks: [] };
  if (content.type !== "body") throw syntaxError("file: it must hold arguments and blocks, not a value", content, context);
  return convertBody(content, context);
}

function convertBody(node: Node, context: ConvertContext): Body {
  const children = childrenOf(node);
  checkUnique(children, context);
  return {
    attributes: children.filter((child) => child.type === "attribute").map((child) => toAttribute(child, context)),
    blocks: children.filter((child) => child.type === "block").map((child) => toBlock(child, context)),
  };
}

function checkUnique(items: readonly Node[], context: ConvertContext): void {
  const lines = new Map<string, number>();
  for (const item of items) {
    const name = item.type === "attribute" ? childrenOf(item)[0]?.text : undefined;
    if (name === undefined) continue;
    const line = lines.get(name);
    if (line !== undefined) throw syntaxError(`argument "${name}": already set on line ${line}`, item, context);
    lines.set(name, positionOf(item).line);
  }
}

function toAttribute(node: Node, context: ConvertContext): Attribute {
  const [name, , value] = childrenOf(node);
  if (name === undefined || value === undefined) throw syntaxError("argument: incomplete", node, context);
  return { name: checkName(name, context), expression: toExpression(value, context), position: positionOf(node) };
}

function toBlock(node: Node, context: ConvertContext): Block {
  const [type, ...rest] = childrenOf(node);
  if (type === undefined) throw syntaxError("block: incomplete", node, context);
  const labels = rest.flatMap((child) => {
    if (child.type === "string_lit") return [toConstantText(child, context)];
    return child.type === "identifier" ? [checkName(child, context)] : [];
  });
  const body = rest.find((child) => child.type === "body");
  return {
    type: checkName(type, context),
    labels,
    body: body === undefined ? { attributes: [], blocks: [] } : convertBody(body, context),
    position: positionOf(node),
  };
}

function checkName(node: Node, context: ConvertContext): string {
  if (node.text.includes(":")) throw syntaxError(`name ${node.text}: a name has no colon`, node, context);
  return node.text;
}
