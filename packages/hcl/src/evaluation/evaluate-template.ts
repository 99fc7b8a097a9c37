import type { HclValue } from "../value/hcl-value.ts";
import type { TemplatePart } from "../syntax/expression.ts";
import { evaluate, isUnknownReference } from "./evaluate.ts";
import { iterate } from "./evaluate-for.ts";
import { describeKind } from "../value/hcl-value.ts";
import { toText } from "../value/scalar.ts";
import { needBool } from "./operators.ts";
import { failAt } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** A template's text. One interpolation alone, as in `"${var.list}"`, gives the value itself, of any type (`hcl`). */
export function evaluateTemplate(parts: readonly TemplatePart[], scope: Scope): HclValue {
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "interpolation") return evaluateInterpolation(only, scope);
  return renderParts(parts, scope);
}

function renderParts(parts: readonly TemplatePart[], scope: Scope): string {
  return parts.map((part) => renderPart(part, scope)).join("");
}

function renderPart(part: TemplatePart, scope: Scope): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "interpolation":
      return renderInterpolation(part, scope);
    case "if": {
      const holds = needBool(evaluate(part.condition, scope), "%{ if }", failAt(scope, part.condition.position));
      return renderParts(holds ? part.then : part.otherwise, scope);
    }
    case "for":
      return iterate(part.intro, scope)
        .map((inner) => renderParts(part.body, inner))
        .join("");
  }
}

type Interpolation = Extract<TemplatePart, { readonly kind: "interpolation" }>;

/** What is left for later keeps the spaces it was written with, by which `${ x }` is told from `${x}` (`nomad`). */
function evaluateInterpolation({ expression, text, kept }: Interpolation, scope: Scope): HclValue {
  const isAlone = /^\$\{ *(.*?) *\}$/s.exec(text)?.[1] === ("text" in expression ? expression.text : undefined);
  return isAlone && isUnknownReference(expression, scope) ? kept : evaluate(expression, scope);
}

function renderInterpolation(interpolation: Interpolation, scope: Scope): string {
  const value = evaluateInterpolation(interpolation, scope);
  const text = toText(value);
  if (text !== undefined) return text;
  const fail = failAt(scope, interpolation.expression.position);
  throw fail(`template: ${describeKind(value)} cannot stand inside text; use join or jsonencode`);
}
