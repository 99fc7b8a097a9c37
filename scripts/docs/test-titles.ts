/**
 * The titles of the tests and groups of tests in a source text, with `…` for what is filled in at run time.
 * Only titles that are written as one literal are found.
 */
export function findTestTitles(source: string): readonly string[] {
  const calls = source.matchAll(/\b(?:test|describe)\(\s*(["'`])/g);
  return [...calls].map(({ 0: opening, 1: quote = "", index }) => readLiteral(source, index + opening.length, quote));
}

function readLiteral(source: string, start: number, quote: string): string {
  let text = "";
  for (let at = start; at < source.length && source[at] !== quote; at += 1) {
    if (quote === "`" && source.startsWith("${", at)) {
      at = endOfExpression(source, at + 2);
      text += "…";
    } else if (source[at] === "\\") {
      at += 1;
      text += source[at] ?? "";
    } else text += source[at] ?? "";
  }
  return text;
}

/** Where the brace stands that ends an expression in a template; texts inside may hold braces of their own. */
function endOfExpression(source: string, start: number): number {
  let depth = 1;
  for (let at = start; at < source.length; at += 1) {
    const sign = source[at] ?? "";
    if (sign === "{") depth += 1;
    if (sign === "}") depth -= 1;
    if (depth === 0) return at;
    if (`"'\``.includes(sign)) at = endOfText(source, at + 1, sign);
  }
  return source.length;
}

function endOfText(source: string, start: number, quote: string): number {
  for (let at = start; at < source.length; at += 1) {
    if (source[at] === quote) return at;
    if (source[at] === "\\") at += 1;
    else if (quote === "`" && source.startsWith("${", at)) at = endOfExpression(source, at + 2);
  }
  return source.length;
}
