import type { Node } from "web-tree-sitter";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import { positionOf } from "./syntax-tree.ts";

/** What the conversion of a text needs at every node. */
export interface ConvertContext {
  readonly source: SourceFile;
}

/** A node's source text. */
export function textOf(node: Node, context: ConvertContext): string {
  return context.source.text.slice(node.startIndex, node.endIndex);
}

/** The expressions among the children of a node. */
export function expressionsOf(node: Node): readonly Node[] {
  return node.children.filter((child) => child.type === "expression");
}

/** A syntax error at a node. */
export function syntaxError(message: string, node: Node, context: ConvertContext): HclError {
  return new HclError(message, { code: "syntax", source: context.source, position: positionOf(node) });
}

/** Refuses a node that no rule of HCL puts here. */
export function missing(node: Node, context: ConvertContext): never {
  throw syntaxError(`expression: unexpected ${JSON.stringify(textOf(node, context).slice(0, 40))}`, node, context);
}
