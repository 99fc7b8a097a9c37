/** A piece of a string with `${…}` in it. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  /** `source` is what stands between the braces, trimmed; `raw` includes `${` and `}`. */
  | { readonly kind: "expression"; readonly source: string; readonly raw: string };

/**
 * Splits a string at its `${…}`. `$${` and `%%{` are the escapes for a literal `${` and `%{`. Braces and quotes inside an expression
 * are balanced; an expression without its closing brace is text.
 */
export function parseTemplate(text: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let literal = "";
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("$${", at) || text.startsWith("%%{", at)) {
      literal += text.slice(at + 1, at + 3);
      at += 3;
      continue;
    }
    const end = text.startsWith("${", at) ? expressionEnd(text, at + 2) : -1;
    if (end < 0) {
      literal += text[at];
      at += 1;
      continue;
    }
    if (literal !== "") parts.push({ kind: "text", text: literal });
    literal = "";
    parts.push({ kind: "expression", source: text.slice(at + 2, end).trim(), raw: text.slice(at, end + 1) });
    at = end + 1;
  }
  if (literal !== "") parts.push({ kind: "text", text: literal });
  return parts;
}

/** Index of the brace that closes the expression which starts at `from`, or -1. */
function expressionEnd(text: string, from: number): number {
  let depth = 1;
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{") depth += 1;
    else if (character === "}" && --depth === 0) return at;
  }
  return -1;
}

const stepPattern = /^(?:\.([\p{L}_][\p{L}\p{N}_-]*|\d+)|\[\s*"([^"\\]*)"\s*\])/u;

/**
 * Parses a reference such as `NOMAD_PORT_http`, `attr.kernel.name`, `meta["rack"]` or `env["HOME"]` into its
 * dotted name. Undefined when the expression is something else.
 */
export function parseReference(source: string): string | undefined {
  const root = /^[\p{L}_][\p{L}\p{N}_-]*/u.exec(source);
  if (root === null) return undefined;
  const steps = [root[0]];
  let rest = source.slice(root[0].length);
  while (rest !== "") {
    const step = stepPattern.exec(rest);
    if (step === null) return undefined;
    steps.push(step[1] ?? step[2] ?? "");
    rest = rest.slice(step[0].length);
  }
  return steps.join(".");
}
