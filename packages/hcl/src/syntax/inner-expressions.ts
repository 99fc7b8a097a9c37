import type { Expression, ForIntro, SplatStep, TemplatePart } from "./expression.ts";

/** The expressions that an expression is made of, in the order of the text; not those inside of these. */
export function innerExpressions(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "variable":
      return [];
    case "template":
      return expression.parts.flatMap(partExpressions);
    case "attribute":
      return [expression.target];
    case "index":
      return [expression.target, expression.key];
    case "splat":
      return [expression.target, ...expression.steps.flatMap(stepExpressions)];
    case "conditional":
      return [expression.condition, expression.then, expression.otherwise];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "call":
      return expression.args;
    case "tuple":
      return expression.items;
    case "object":
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case "for-tuple":
      return [...introExpressions(expression.intro), expression.value, ...optional(expression.condition)];
    case "for-object":
      return [...introExpressions(expression.intro), expression.key, expression.value, ...optional(expression.condition)];
  }
}

function partExpressions(part: TemplatePart): readonly Expression[] {
  switch (part.kind) {
    case "text":
      return [];
    case "interpolation":
      return [part.expression];
    case "if":
      return [part.condition, ...part.then.flatMap(partExpressions), ...part.otherwise.flatMap(partExpressions)];
    case "for":
      return [...introExpressions(part.intro), ...part.body.flatMap(partExpressions)];
  }
}

function stepExpressions(step: SplatStep): readonly Expression[] {
  return step.kind === "index" ? [step.key] : [];
}

function introExpressions(intro: ForIntro): readonly Expression[] {
  return [intro.collection];
}

function optional(expression: Expression | undefined): readonly Expression[] {
  return expression === undefined ? [] : [expression];
}
