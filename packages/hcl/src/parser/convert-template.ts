import type { Node } from "web-tree-sitter";
import type { Expression, TemplatePart } from "../syntax/expression.ts";
import { syntaxError, type ConvertContext } from "./convert-context.ts";
import { toExpression, toForIntro } from "./convert-expression.ts";
import { indentHeredoc } from "./heredoc-indent.ts";
import { childrenOf, positionOf } from "./syntax-tree.ts";
import { decodeTemplateText } from "../syntax/template-text.ts";
import { nestParts } from "./template-nesting.ts";
import type { TemplateToken } from "./template-nesting.ts";

/** A stretch of source that a template covers. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly heredoc: boolean;
}

/**
 * Converts a quoted string, a string literal or a heredoc. The grammar drops whitespace at the edges of text, so
 * text is taken from the source between the interpolations and directives.
 */
export function toTemplate(node: Node, context: ConvertContext): Expression {
  const heredoc = node.type === "heredoc_template";
  const region = heredoc ? heredocRegion(node, context) : quotedRegion(node);
  const tokens = tokenize(node, region, context);
  const indented = heredoc && childrenOf(node)[0]?.text === "<<-" ? indentHeredoc(tokens) : tokens;
  return simplify(nestParts(indented, context.source), node);
}

/** The text of a string without interpolation, such as a block label. */
export function toConstantText(node: Node, context: ConvertContext): string {
  const template = toTemplate(node, context);
  if (template.kind === "literal" && typeof template.value === "string") return template.value;
  throw syntaxError(`${node.text}: only plain text may stand here, no \${…} or %{…}`, node, context);
}

function simplify(parts: readonly TemplatePart[], node: Node): Expression {
  const position = positionOf(node);
  if (!parts.every((part) => part.kind === "text")) return { kind: "template", parts, position };
  return { kind: "literal", value: parts.map((part) => part.text).join(""), position };
}

function quotedRegion(node: Node): Region {
  return { start: node.startIndex + 1, end: node.endIndex - 1, heredoc: false };
}

function heredocRegion(node: Node, context: ConvertContext): Region {
  const [opening, name, ...rest] = childrenOf(node);
  const closing = rest.at(-1);
  const { text } = context.source;
  if (opening === undefined || name === undefined || closing === undefined) throw syntaxError("heredoc: incomplete", node, context);
  const lineEnd = text.indexOf("\n", name.endIndex);
  const named = opening.endIndex === name.startIndex && /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name.text);
  if (!named || lineEnd === -1 || text.slice(name.endIndex, lineEnd).replace(/\r$/, "") !== "") {
    throw syntaxError(`heredoc: the line must end right behind its marker, as in ${opening.text}EOT`, node, context);
  }
  return { start: lineEnd + 1, end: text.lastIndexOf("\n", closing.startIndex - 1) + 1, heredoc: true };
}

function tokenize(node: Node, region: Region, context: ConvertContext): readonly TemplateToken[] {
  const marks = collectMarks(node);
  const tokens: TemplateToken[] = [];
  let from = region.start;
  let trimNext = false;
  for (const mark of [...marks, undefined]) {
    const until = mark?.startIndex ?? region.end;
    const trim = { start: trimNext, end: mark !== undefined && hasMarker(mark, "leading") };
    tokens.push(...toTextTokens({ from, until, trim, region }, node, context));
    if (mark === undefined) break;
    tokens.push(toToken(mark, context));
    trimNext = hasMarker(mark, "trailing");
    from = mark.endIndex;
  }
  return tokens;
}

/** Interpolations and the single tags of directives, in source order. */
function collectMarks(node: Node): readonly Node[] {
  return childrenOf(node).flatMap((child) => {
    switch (child.type) {
      case "template_directive":
      case "template_if":
      case "template_for":
        return collectMarks(child);
      case "template_interpolation":
      case "template_if_intro":
      case "template_else_intro":
      case "template_if_end":
      case "template_for_start":
      case "template_for_end":
        return [child];
      default:
        return [];
    }
  });
}

function hasMarker(mark: Node, side: "leading" | "trailing"): boolean {
  const children = childrenOf(mark);
  return children.at(side === "leading" ? 1 : -2)?.type === "strip_marker";
}

interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly trim: { readonly start: boolean; readonly end: boolean };
  readonly region: Region;
}

/** A heredoc's text is one token a line: a whitespace marker reaches to the end of its own line only (`hcl`). */
function toTextTokens(stretch: Stretch, node: Node, context: ConvertContext): readonly TemplateToken[] {
  const raw = context.source.text.slice(stretch.from, stretch.until);
  if (raw === "") return [];
  const lines = stretch.region.heredoc ? (raw.match(/[^\n]*\n|[^\n]+$/g) ?? []) : [raw];
  return lines.map((line, index) => {
    const decoded = decodeTemplateText(line, stretch.region.heredoc ? "heredoc" : "quoted");
    if (!decoded.ok) throw syntaxError(decoded.message, node, context);
    const startTrimmed = stretch.trim.start && index === 0 ? decoded.text.trimStart() : decoded.text;
    return { kind: "text", text: stretch.trim.end && index === lines.length - 1 ? startTrimmed.trimEnd() : startTrimmed };
  });
}

function toToken(mark: Node, context: ConvertContext): TemplateToken {
  const position = positionOf(mark);
  switch (mark.type) {
    case "template_interpolation":
      return { kind: "interpolation", expression: onlyExpression(mark, context), text: mark.text, kept: keptText(mark, context) };
    case "template_if_intro":
      return { kind: "if", condition: onlyExpression(mark, context), position };
    case "template_else_intro":
      return { kind: "else", position };
    case "template_for_start":
      return { kind: "for", intro: toForIntro(mark, context), position };
    default:
      return { kind: mark.type === "template_if_end" ? "endif" : "endfor", position };
  }
}

/**
 * Nomad keeps an unknown name from its source, and looks for its closing brace among all that follow it and its spaces: braces
 * behind it are taken along, and stand there once more as text (`nomad`: jobspec2, UndefinedVariable).
 */
function keptText({ text, endIndex }: Node, { source }: ConvertContext): string {
  const opened = text.replace(/ *\}$/, "");
  const from = endIndex - (text.length - opened.length);
  let kept = opened;
  for (let at = from + 1; at < source.text.length; at += 1) {
    if (source.text[at] === "}") kept += source.text.slice(from, at);
    else if (source.text[at] !== " ") return `${kept}}`;
  }
  return kept;
}

function onlyExpression(mark: Node, context: ConvertContext): Expression {
  const expression = mark.children.find((child) => child.type === "expression");
  if (expression === undefined) throw syntaxError("template: an expression is missing between the braces", mark, context);
  return toExpression(expression, context);
}
