import { TemplateError } from "./template-error.ts";

/** A stretch of plain text, or the inside of an action. */
export interface TemplatePart {
  readonly kind: "text" | "action";
  readonly text: string;
  readonly line: number;
}

export interface Delimiters {
  readonly left: string;
  readonly right: string;
}

const blanks = " \t\r\n";

/** Splits a template into texts and actions; `{{- ` and ` -}}` take the blanks before and after away, comments are left out. */
export function splitTemplate(source: string, { left, right }: Delimiters): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let [at, isTrimmed] = [0, false];
  while (at <= source.length) {
    const start = source.indexOf(left, at);
    const text = source.slice(at, start < 0 ? source.length : start);
    const trimsBefore = start >= 0 && source[start + left.length] === "-" && isBlank(source[start + left.length + 1]);
    const trimmed = trim(text, { start: isTrimmed, end: trimsBefore });
    if (trimmed !== "") parts.push({ kind: "text", text: trimmed, line: lineAt(source, at) });
    if (start < 0) break;
    const line = lineAt(source, start);
    const inner = start + left.length + (trimsBefore ? 2 : 0);
    const end = findEnd(source, inner, { right, line });
    const trimsAfter = source[end - 1] === "-" && isBlank(source[end - 2]) && end - 2 >= inner;
    const action = source.slice(inner, trimsAfter ? end - 2 : end);
    if (!action.startsWith("/*")) parts.push({ kind: "action", text: action, line });
    [at, isTrimmed] = [end + right.length, trimsAfter];
  }
  return parts;
}

function isBlank(sign: string | undefined): boolean {
  return sign !== undefined && blanks.includes(sign);
}

function trim(text: string, { start, end }: { readonly start: boolean; readonly end: boolean }): string {
  const left = start ? text.replace(/^[ \t\r\n]+/, "") : text;
  return end ? left.replace(/[ \t\r\n]+$/, "") : left;
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}

/** Where the right delimiter stands that is in no string or comment. */
function findEnd(source: string, from: number, { right, line }: { readonly right: string; readonly line: number }): number {
  if (source.startsWith("/*", from)) return findCommentEnd(source, from, { right, line });
  let at = from;
  while (at < source.length) {
    if (source.startsWith(right, at)) return at;
    const sign = source[at];
    const quoted = sign === '"' || sign === "`" || sign === "'" ? readQuoted(source, at) : undefined;
    if (quoted === undefined && (sign === '"' || sign === "`" || sign === "'")) throw new TemplateError("a string is not closed", line);
    at += quoted?.length ?? 1;
  }
  throw new TemplateError(`an action is not closed with ${right}`, line);
}

/** A comment fills its action: the right delimiter follows at once, or behind ` -` (`go`: text/template). */
function findCommentEnd(source: string, from: number, { right, line }: { readonly right: string; readonly line: number }): number {
  const close = source.indexOf("*/", from);
  if (close < 0) throw new TemplateError("a comment is not closed", line);
  const end = close + 2;
  if (source.startsWith(right, end)) return end;
  if (isBlank(source[end]) && source[end + 1] === "-" && source.startsWith(right, end + 2)) return end + 2;
  throw new TemplateError(`behind a comment ${right} must follow at once, as in {{/* … */}} or {{- /* … */ -}}`, line);
}

/** The quoted text that begins at `at`, quotes and all; undefined when it does not end. */
function readQuoted(source: string, at: number): string | undefined {
  const pattern = { '"': /"(?:[^"\\\n]|\\.)*"/y, "'": /'(?:[^'\\\n]|\\.)*'/y, "`": /`[^`]*`/y }[source[at] ?? ""];
  if (pattern === undefined) return undefined;
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** A word of an action. */
export interface Token {
  readonly kind: "name" | "field" | "variable" | "string" | "number" | "sign" | "space";
  readonly text: string;
}

const tokens: readonly (readonly [Token["kind"], RegExp])[] = [
  ["space", /\s+/y],
  ["string", /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'/y],
  // What begins like a number; whether it is one is seen when it is read.
  ["number", /[+-]?(?:0[xX](?:[0-9a-fA-F_]|\.)*(?:[pP][+-]?\d+)?|0[oObB][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y],
  ["field", /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["variable", /\$[\p{L}\p{Nd}_]*/uy],
  ["name", /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ["sign", /:=|[=|(),.]/y],
];

/** The words of an action, blanks among them: these tell `.a .b` from `.a.b`. */
export function tokenize(action: string, line: number): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < action.length) {
    const token = readToken(action, at);
    if (token === undefined) throw new TemplateError(`unexpected ${JSON.stringify(action.slice(at, at + 10))} in an action`, line);
    found.push(token);
    at += token.text.length;
  }
  return found;
}

function readToken(action: string, at: number): Token | undefined {
  for (const [kind, pattern] of tokens) {
    const matcher = new RegExp(pattern.source, pattern.flags);
    matcher.lastIndex = at;
    const text = matcher.exec(action)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return undefined;
}
