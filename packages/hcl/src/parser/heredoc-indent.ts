import type { TemplateToken } from "./template-nesting.ts";

/**
 * Takes the smallest indentation of all lines off each line of a `<<-` heredoc. Blank lines neither count nor
 * change; a line that begins with an interpolation has no indentation (`hcl`).
 */
export function indentHeredoc(tokens: readonly TemplateToken[]): readonly TemplateToken[] {
  const starts = tokens.map((_, index) => startsLine(tokens, index));
  const widths = tokens.flatMap((token, index) => (starts[index] === true && !isBlankLine(token) ? [indentOf(token)] : []));
  const width = widths.length === 0 ? 0 : Math.min(...widths);
  return tokens.map((token, index) => {
    if (token.kind !== "text" || starts[index] !== true || isBlankLine(token)) return token;
    return { kind: "text", text: token.text.slice(width) };
  });
}

function startsLine(tokens: readonly TemplateToken[], index: number): boolean {
  const previous = tokens[index - 1];
  return previous === undefined || (previous.kind === "text" && previous.text.endsWith("\n"));
}

function isBlankLine(token: TemplateToken): boolean {
  return token.kind === "text" && token.text.trimStart() === "" && token.text.endsWith("\n");
}

function indentOf(token: TemplateToken): number {
  return token.kind === "text" ? token.text.length - token.text.trimStart().length : 0;
}
