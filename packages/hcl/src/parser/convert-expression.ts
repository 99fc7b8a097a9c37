import type { Node } from "web-tree-sitter";
import type { BinaryOperator, Expression, ForIntro, UnaryOperator } from "../syntax/expression.ts";
import { numberOf, parseDecimal } from "../value/decimal.ts";
import { expressionsOf, missing, syntaxError, textOf, type ConvertContext } from "./convert-context.ts";
import { applyStep, checkLegacyIndexes } from "./convert-steps.ts";
import { toTemplate } from "./convert-template.ts";
import { HclError } from "../error/hcl-error.ts";
import { childrenOf, positionOf } from "./syntax-tree.ts";

const binaryOperators: ReadonlySet<string> = new Set<BinaryOperator>(
  ["*", "/", "%", "+", "-", ">", ">=", "<", "<=", "==", "!=", "&&", "||"],
);

/** Converts an `expression` node. */
export function toExpression(node: Node, context: ConvertContext): Expression {
  const children = childrenOf(node);
  const first = children[0];
  if (first?.type === "conditional") return toConditional(first, context);
  return toTerm(children, context);
}

/** The grammar groups `a ? b : c ? d : e` to the left; HCL means the right. Parentheses are no `conditional` node. */
function toConditional(node: Node, context: ConvertContext): Expression {
  const [test, then, otherwise] = expressionsOf(node);
  if (test === undefined || then === undefined || otherwise === undefined) throw syntaxError("conditional: incomplete", node, context);
  const last = toExpression(otherwise, context);
  const inner = childrenOf(test)[0];
  if (inner?.type !== "conditional") {
    return {
      kind: "conditional",
      condition: toExpression(test, context),
      then: toExpression(then, context),
      otherwise: last,
      position: positionOf(node),
    };
  }
  const left = toConditional(inner, context);
  return replaceLastBranch(left, (condition) => ({
    kind: "conditional",
    condition,
    then: toExpression(then, context),
    otherwise: last,
    position: condition.position,
  }));
}

function replaceLastBranch(expression: Expression, replace: (last: Expression) => Expression): Expression {
  if (expression.kind !== "conditional") return replace(expression);
  return { ...expression, otherwise: replaceLastBranch(expression.otherwise, replace) };
}

/** A primary and the steps behind it: `(a).b[0]` arrives as a flat list of nodes. */
function toTerm(nodes: readonly Node[], context: ConvertContext): Expression {
  const [first, ...rest] = nodes;
  if (first === undefined) throw new HclError("expression: empty", { code: "syntax", source: context.source });
  const parenthesised = first.type === "(" ? rest[0] : undefined;
  const primary = parenthesised === undefined ? toPrimary(first, context) : toExpression(parenthesised, context);
  const steps = parenthesised === undefined ? rest : rest.slice(2);
  checkLegacyIndexes([first, ...steps], context);
  return steps.reduce((target, step) => applyStep(target, { step, start: first }, context), primary);
}

function toPrimary(node: Node, context: ConvertContext): Expression {
  const position = positionOf(node);
  const child = childrenOf(node)[0];
  switch (node.type) {
    case "variable_expr":
      return { kind: "variable", name: textOf(node, context), text: textOf(node, context), position };
    case "literal_value":
      return child === undefined ? missing(node, context) : toLiteral(child, context);
    case "template_expr":
      return child === undefined ? missing(node, context) : toTemplate(child, context);
    case "collection_value":
      return child === undefined ? missing(node, context) : toCollection(child, context);
    case "for_expr":
      return child === undefined ? missing(node, context) : toFor(child, context);
    case "operation":
      return child === undefined ? missing(node, context) : toOperation(child, context);
    case "function_call":
      return toCall(node, context);
    default:
      return missing(node, context);
  }
}

function toLiteral(node: Node, context: ConvertContext): Expression {
  const position = positionOf(node);
  switch (node.type) {
    case "string_lit":
      return toTemplate(node, context);
    case "bool_lit":
      return { kind: "literal", value: node.text === "true", position };
    case "null_lit":
      return { kind: "literal", value: null, position };
    default:
      return { kind: "literal", value: toNumber(node, context), position };
  }
}

function toNumber(node: Node, context: ConvertContext): number | bigint {
  const text = textOf(node, context);
  if (!/^[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/.test(text)) {
    throw syntaxError(`number ${text}: HCL has decimal numbers only`, node, context);
  }
  const decimal = parseDecimal(text);
  if (decimal === undefined) throw syntaxError(`number ${text}: its exponent is too large`, node, context);
  return numberOf(decimal);
}

function toCollection(node: Node, context: ConvertContext): Expression {
  const position = positionOf(node);
  if (node.type === "tuple") return { kind: "tuple", items: expressionsOf(node).map((item) => toExpression(item, context)), position };
  const elements = node.children.filter((child) => child.type === "object_elem");
  return { kind: "object", entries: elements.map((element) => toEntry(element, context)), position };
}

/** A bare word as a key is the word itself; a longer reference needs parentheses (`hcl`). */
function toEntry(node: Node, context: ConvertContext): { readonly key: Expression; readonly value: Expression } {
  const key = node.childForFieldName("key");
  const value = node.childForFieldName("val");
  if (key === null || value === null) return missing(node, context);
  const parts = childrenOf(key);
  const expression = toExpression(key, context);
  if (parts.length === 1 && (expression.kind === "variable" || isWord(expression))) {
    return { key: { kind: "literal", value: textOf(key, context), position: expression.position }, value: toExpression(value, context) };
  }
  if (parts[0]?.type === "variable_expr") {
    throw syntaxError(
      `object key ${textOf(key, context)}: put it in parentheses to use its value, or in quotes to use it as text`,
      key,
      context,
    );
  }
  return { key: expression, value: toExpression(value, context) };
}

function isWord(expression: Expression): boolean {
  return expression.kind === "literal" && (expression.value === null || typeof expression.value === "boolean");
}

function toOperation(node: Node, context: ConvertContext): Expression {
  const position = positionOf(node);
  const children = childrenOf(node);
  if (node.type === "unary_operation") {
    const operator: UnaryOperator = children[0]?.type === "!" ? "!" : "-";
    return { kind: "unary", operator, operand: toTerm(children.slice(1), context), position };
  }
  const at = children.findIndex((child) => isBinaryOperator(child.type));
  const operator = children[at]?.type ?? "";
  if (!isBinaryOperator(operator)) return missing(node, context);
  return {
    kind: "binary",
    operator,
    left: toTerm(children.slice(0, at), context),
    right: toTerm(children.slice(at + 1), context),
    position,
  };
}

function isBinaryOperator(text: string): text is BinaryOperator {
  return binaryOperators.has(text);
}

function toCall(node: Node, context: ConvertContext): Expression {
  const callee = childrenOf(node)[0];
  const name = callee === undefined ? "" : textOf(callee, context);
  const list = node.children.find((child) => child.type === "function_arguments");
  const args = list === undefined ? [] : expressionsOf(list).map((argument) => toExpression(argument, context));
  const spreadsLast = list?.children.some((child) => child.type === "ellipsis") ?? false;
  return { kind: "call", name, args, spreadsLast, position: positionOf(node) };
}

function toFor(node: Node, context: ConvertContext): Expression {
  const introNode = node.children.find((child) => child.type === "for_intro");
  const conditionNode = node.children.find((child) => child.type === "for_cond");
  const conditionExpression = conditionNode === undefined ? undefined : expressionsOf(conditionNode)[0];
  const [first, second] = expressionsOf(node);
  if (introNode === undefined || first === undefined) return missing(node, context);
  const intro = toForIntro(introNode, context);
  const condition = conditionExpression === undefined ? undefined : toExpression(conditionExpression, context);
  const position = positionOf(node);
  const value = toExpression(second ?? first, context);
  if (second === undefined) return { kind: "for-tuple", intro, value, condition, position };
  const groups = node.children.some((child) => child.type === "ellipsis");
  return { kind: "for-object", intro, key: toExpression(first, context), value, groups, condition, position };
}

/** The names and the collection of `for k, v in x`; serves for-expressions and for-directives. */
export function toForIntro(node: Node, context: ConvertContext): ForIntro {
  const names = node.children.filter((child) => child.type === "identifier").map((child) => textOf(child, context));
  const collection = expressionsOf(node)[0];
  const valueName = names.at(-1);
  if (collection === undefined || valueName === undefined) return missing(node, context);
  const keyword = node.children.find((child) => child.type === "in");
  if (keyword !== undefined && keyword.endIndex === collection.startIndex && /^[\p{ID_Continue}]/u.test(textOf(collection, context))) {
    throw syntaxError("for: a space is missing behind in", keyword, context);
  }
  return { keyName: names.length > 1 ? names[0] : undefined, valueName, collection: toExpression(collection, context) };
}
