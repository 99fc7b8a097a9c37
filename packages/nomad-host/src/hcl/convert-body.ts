import type { Node } from "web-tree-sitter";
import type { Attribute, Block, Body } from "./expression.ts";
import { syntaxError, toExpression } from "./convert-expression.ts";
import type { ConvertContext } from "./convert-expression.ts";
import { toPlainText } from "./convert-template.ts";
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
  const attributes = children.filter((child) => child.type === "attribute").map((child) => toAttribute(child, context));
  const blocks = children.filter((child) => child.type === "block").map((child) => toBlock(child, context));
  const seen = new Map<string, Attribute>();
  for (const attribute of attributes) {
    const earlier = seen.get(attribute.name);
    if (earlier !== undefined) {
      const duplicate = children.find((child) => child.startPosition.row + 1 === attribute.position.line && child.startPosition.column + 1 === attribute.position.column);
      throw syntaxError(`argument "${attribute.name}": already set on line ${earlier.position.line}`, duplicate ?? node, context);
    }
    seen.set(attribute.name, attribute);
  }
  return { attributes, blocks };
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
    if (child.type === "string_lit") return [toPlainText(child, context)];
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
