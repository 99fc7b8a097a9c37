/** Runs of `$` or `%` before a brace: the last two are an escape (`hcl`). */
const escapePattern = /\${2,}\{|%{2,}\{/g;

/** A whole number with an exponent, as in `1e5`, that is no part of a name. */
const exponentPattern = /(?<![\p{ID_Continue}.])(?<!\p{ID_Continue}-)\d+[eE][-+]?\d+/gu;

/**
 * The text as the grammar can read it, of the same length and with the same lines. The grammar knows neither
 * `1e5` nor all forms of the `$${` escape, so other characters stand in for them; whoever needs the text of a node
 * takes it from the original.
 */
export function maskSource(text: string): string {
  return text.replace(escapePattern, (run) => "'".repeat(run.length)).replace(exponentPattern, (number) => "1".repeat(number.length));
}
