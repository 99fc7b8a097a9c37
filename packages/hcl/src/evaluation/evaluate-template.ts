import type { HclValue } from "../value/hcl-value.ts";
import type { Expression, TemplatePart } from "../syntax/expression.ts";
import { evaluate } from "./evaluate.ts";
import { toPlainText } from "../value/escape-marks.ts";
import { iterate } from "./evaluate-for.ts";
import { describeKind } from "../value/hcl-value.ts";
import { toText } from "../value/scalar.ts";
import { needBool } from "./operators.ts";
import { failAt } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** A template's text. One interpolation alone, as in `"${var.list}"`, gives the value itself, of any type (`hcl`). */
export function evaluateTemplate(parts: readonly TemplatePart[], scope: Scope): HclValue {
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "interpolation") return evaluateInterpolation(only.expression, scope);
  return renderParts(parts, scope);
}

function renderParts(parts: readonly TemplatePart[], scope: Scope): string {
  return parts.map((part) => renderPart(part, scope)).join("");
}

function renderPart(part: TemplatePart, scope: Scope): string {
  switch (part.kind) {
    case "text":
      return scope.dialect.keepsEscapes ? part.text : toPlainText(part.text);
    case "interpolation":
      return renderInterpolation(part.expression, scope);
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

/**
 * Where references are left for later, a single unknown name stays as it is: in text it may be a variable of the task's
 * environment, or belong to a shell script or a configuration file (`nomad`).
 */
function evaluateInterpolation(expression: Expression, scope: Scope): HclValue {
  const isForLater = scope.dialect.later !== undefined && expression.kind === "variable" && !scope.names.has(expression.name);
  return isForLater ? `\${${expression.text}}` : evaluate(expression, scope);
}

function renderInterpolation(expression: Expression, scope: Scope): string {
  const value = evaluateInterpolation(expression, scope);
  const text = toText(value);
  if (text !== undefined) return text;
  throw failAt(scope, expression.position)(`template: ${describeKind(value)} cannot stand inside text; use join or jsonencode`);
}
