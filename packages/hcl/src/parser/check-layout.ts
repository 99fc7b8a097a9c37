import type { Node } from "web-tree-sitter";
import { HclError } from "../error/hcl-error.ts";
import { placeAt } from "../value/position.ts";
import { syntaxError, type ConvertContext } from "./convert-context.ts";
import { childrenOf } from "./syntax-tree.ts";

/**
 * Checks where lines begin and end. HCL gives newlines a meaning that the grammar does not know: an argument and
 * a block end with their line, a one-line block holds one argument, an object's items are parted by a comma or
 * a newline, and an expression goes over several lines only inside brackets.
 */
export function checkLayout(node: Node, context: ConvertContext): void {
  checkBlanks(node, context);
  for (const child of childrenOf(node)) {
    if (child.type === "body") checkBody(child, context);
  }
}

/** Outside of texts and comments only spaces, tabs and the ends of lines are blanks; the grammar knows more. */
function checkBlanks(root: Node, context: ConvertContext): void {
  for (const { 0: sign, index } of context.source.text.matchAll(/[\f\v]|\r(?!\n)/g)) {
    const home = root.descendantForIndex(index);
    if (home === null || texts.has(home.type)) continue;
    const code = sign.charCodeAt(0).toString(16).padStart(4, "0");
    throw new HclError(`this character (U+${code.toUpperCase()}) has no place outside of texts`, {
      code: "syntax",
      source: context.source,
      position: placeAt(context.source.text, index),
    });
  }
}

const texts: ReadonlySet<string> = new Set([
  "comment",
  "template_literal",
  "quoted_template",
  "string_lit",
  "heredoc_template",
  "template_if",
  "template_for",
]);

function checkBody(body: Node, context: ConvertContext): void {
  let previous: Node | undefined;
  for (const item of childrenOf(body)) {
    if (previous !== undefined && item.startPosition.row === previous.endPosition.row) {
      throw syntaxError(`${kindOf(previous)}: must end with a newline; put ${firstWord(item)} on a line of its own`, item, context);
    }
    if (item.type === "attribute") checkSequence(item, true, context);
    else checkBlock(item, context);
    previous = item;
  }
}

function checkBlock(block: Node, context: ConvertContext): void {
  const children = childrenOf(block);
  const type = children[0]?.text ?? "";
  const opening = children.find((child) => child.type === "block_start");
  const closing = children.find((child) => child.type === "block_end");
  const body = children.find((child) => child.type === "body");
  if (opening === undefined || closing === undefined) throw syntaxError(`block "${type}": incomplete`, block, context);
  if (opening.endPosition.row !== block.startPosition.row) {
    throw syntaxError(`block "${type}": its { must stand on the line where the block begins`, block, context);
  }
  if (body === undefined) return;
  checkOneLine({ type, opening, closing, body }, context);
  checkBody(body, context);
}

function checkOneLine(
  block: { readonly type: string; readonly opening: Node; readonly closing: Node; readonly body: Node },
  context: ConvertContext,
): void {
  const { type, opening, closing, body } = block;
  const items = childrenOf(body);
  const [first, second] = items;
  const last = items.at(-1);
  if (first === undefined || last === undefined) return;
  if (first.startPosition.row !== opening.startPosition.row) {
    if (closing.startPosition.row !== last.endPosition.row) return;
    throw syntaxError(`${kindOf(last)}: must end with a newline; put the closing } on a line of its own`, closing, context);
  }
  if (second !== undefined)
    throw syntaxError(`block "${type}": a block on one line holds one argument only; put each on a line of its own`, second, context);
  if (first.type === "block") throw syntaxError(`block "${type}": a block on one line cannot hold another block`, first, context);
  if (closing.startPosition.row !== last.endPosition.row) {
    throw syntaxError(`block "${type}": its first argument stands on the line of its {, so its } must stand there too`, closing, context);
  }
}

function kindOf(node: Node): string {
  return `${node.type === "attribute" ? "argument" : "block"} "${childrenOf(node)[0]?.text ?? ""}"`;
}

function firstWord(node: Node): string {
  return `"${childrenOf(node)[0]?.text ?? ""}"`;
}

const enclosed: ReadonlySet<string> = new Set([
  "tuple",
  "new_index",
  "for_tuple_expr",
  "for_object_expr",
  "template_interpolation",
  "template_if_intro",
  "template_else_intro",
  "template_if_end",
  "template_for_start",
  "template_for_end",
]);

const templates: ReadonlySet<string> = new Set([
  "quoted_template",
  "string_lit",
  "heredoc_template",
  "template_directive",
  "template_if",
  "template_for",
]);

/** `oneLine`: the tokens of this node must stand on one line, those inside brackets apart. */
function checkSequence(node: Node, oneLine: boolean, context: ConvertContext): void {
  if (node.type === "object") {
    checkObject(node, context);
    return;
  }
  const isOneLine = oneLine && !enclosed.has(node.type) && !templates.has(node.type);
  let depth = 0;
  let previous: Node | undefined;
  for (const child of childrenOf(node)) {
    if (child.type === ")") depth -= 1;
    if (isOneLine && depth === 0 && child.type !== ")" && previous !== undefined && child.startPosition.row !== previous.endPosition.row) {
      throw syntaxError("expression: it ends with its line; use parentheses to go on in the next", child, context);
    }
    if (child.childCount > 0) checkSequence(child, isOneLine && depth === 0, context);
    if (child.type === "(") depth += 1;
    previous = child;
  }
}

function checkObject(node: Node, context: ConvertContext): void {
  let previous: Node | undefined;
  for (const child of childrenOf(node)) {
    const separated = previous === undefined || previous.type !== "object_elem" || child.startPosition.row !== previous.endPosition.row;
    if (child.type === "object_elem") {
      if (!separated) throw syntaxError("object: a comma or a newline is missing before this item", child, context);
      checkSequence(child, true, context);
    }
    if (child.type === "," && separated)
      throw syntaxError("object: the comma must stand on the line of the item it follows", child, context);
    previous = child;
  }
}
