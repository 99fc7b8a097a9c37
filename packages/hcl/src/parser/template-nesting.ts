import type { Position } from "../value/position.ts";
import type { Expression, ForIntro, TemplatePart } from "../syntax/expression.ts";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";

/** A template as a flat list: whitespace markers and indentation work on neighbours, whatever nests them. */
export type TemplateToken =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "interpolation"; readonly expression: Expression; readonly text: string; readonly kept: string }
  | { readonly kind: "if"; readonly condition: Expression; readonly position: Position }
  | { readonly kind: "for"; readonly intro: ForIntro; readonly position: Position }
  | { readonly kind: "else" | "endif" | "endfor"; readonly position: Position };

type EndKind = "else" | "endif" | "endfor";

interface Nested {
  readonly parts: readonly TemplatePart[];
  /** The tag that ended the list; undefined at the end of the template. */
  readonly end: EndKind | undefined;
  readonly next: number;
}

/** Nests the tokens of a template: what stands between `if` and `endif`, `for` and `endfor` becomes their content. */
export function nestParts(tokens: readonly TemplateToken[], source: SourceFile): readonly TemplatePart[] {
  return nestFrom(tokens, { index: 0, ends: [] }, source).parts;
}

function nestFrom(
  tokens: readonly TemplateToken[],
  at: { readonly index: number; readonly ends: readonly EndKind[] },
  source: SourceFile,
): Nested {
  const parts: TemplatePart[] = [];
  let index = at.index;
  for (let token = tokens[index]; token !== undefined; token = tokens[index]) {
    index += 1;
    if (token.kind === "text") {
      if (token.text !== "") parts.push(token);
    } else if (token.kind === "interpolation") {
      parts.push(token);
    } else if (token.kind === "if") {
      const then = nestFrom(tokens, { index, ends: ["else", "endif"] }, source);
      const otherwise =
        then.end === "else" ? nestFrom(tokens, { index: then.next, ends: ["endif"] }, source) : { parts: [], next: then.next };
      parts.push({ kind: "if", condition: token.condition, then: then.parts, otherwise: otherwise.parts, position: token.position });
      index = otherwise.next;
    } else if (token.kind === "for") {
      const body = nestFrom(tokens, { index, ends: ["endfor"] }, source);
      parts.push({ kind: "for", intro: token.intro, body: body.parts, position: token.position });
      index = body.next;
    } else if (at.ends.includes(token.kind)) {
      return { parts, end: token.kind, next: index };
    } else {
      throw new HclError(`template: unexpected %{ ${token.kind} }`, { code: "syntax", source, position: token.position });
    }
  }
  return { parts, end: undefined, next: index };
}
