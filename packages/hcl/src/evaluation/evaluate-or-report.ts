import { HclError } from "../error/hcl-error.ts";
import type { Expression, ForIntro, TemplatePart } from "../syntax/expression.ts";
import { innerExpressions } from "../syntax/inner-expressions.ts";
import type { HclValue } from "../value/hcl-value.ts";
import { evaluate } from "./evaluate.ts";
import { iterate } from "./evaluate-for.ts";
import { needBool } from "./operators.ts";
import { failAt } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** The value of an expression; undefined: there is none, and why is reported, all of it. */
export function evaluateOrReport(expression: Expression, scope: Scope, report: (problem: HclError) => void): HclValue | undefined {
  const found = attempt(() => evaluate(expression, scope));
  if (found.error === undefined) return found.value;
  for (const problem of findErrors(expression, scope)) report(problem);
  return undefined;
}

/** Why an expression cannot be evaluated: where several of its parts cannot, all of them. Empty: it can be. */
function findErrors(expression: Expression, scope: Scope): readonly HclError[] {
  const own = attempt(() => evaluate(expression, scope));
  if (own.error === undefined) return [];
  const { error } = own;
  const inner = findInside(expression, scope);
  const isInner = inner.some(({ message, position }) => message === error.message && position === error.position);
  return isInner ? inner : [error, ...inner];
}

function findInside(expression: Expression, scope: Scope): readonly HclError[] {
  switch (expression.kind) {
    case "call":
      // These take what cannot be evaluated.
      return expression.name === "try" || expression.name === "can" ? [] : findAll(expression.args, scope);
    case "conditional":
      return findInBranch(expression, scope);
    case "template":
      return expression.parts.flatMap((part) => findInPart(part, scope));
    case "for-tuple":
      return findInLoop(expression.intro, [expression.condition, expression.value], scope);
    case "for-object":
      return findInLoop(expression.intro, [expression.condition, expression.key, expression.value], scope);
    default:
      return findAll(innerExpressions(expression), scope);
  }
}

function findAll(expressions: readonly Expression[], scope: Scope): readonly HclError[] {
  return expressions.flatMap((inner) => findErrors(inner, scope));
}

function findInBranch(
  { condition, then, otherwise }: Extract<Expression, { readonly kind: "conditional" }>,
  scope: Scope,
): readonly HclError[] {
  const holds = attempt(() => needBool(evaluate(condition, scope), "condition", failAt(scope, condition.position)));
  return holds.error === undefined ? findErrors(holds.value ? then : otherwise, scope) : findErrors(condition, scope);
}

function findInPart(part: TemplatePart, scope: Scope): readonly HclError[] {
  switch (part.kind) {
    case "text":
      return [];
    case "interpolation":
      return findErrors(part.expression, scope);
    case "if": {
      const holds = attempt(() => needBool(evaluate(part.condition, scope), "%{ if }", failAt(scope, part.condition.position)));
      if (holds.error !== undefined) return findErrors(part.condition, scope);
      return (holds.value ? part.then : part.otherwise).flatMap((inner) => findInPart(inner, scope));
    }
    case "for":
      return overLoop(part.intro, scope, (inner) => part.body.flatMap((own) => findInPart(own, inner)));
  }
}

function findInLoop(intro: ForIntro, parts: readonly (Expression | undefined)[], scope: Scope): readonly HclError[] {
  return overLoop(intro, scope, (inner) =>
    findAll(
      parts.filter((part) => part !== undefined),
      inner,
    ),
  );
}

/** Those of the collection, or else of the first element that has one: with the others they come again. */
function overLoop(intro: ForIntro, scope: Scope, find: (inner: Scope) => readonly HclError[]): readonly HclError[] {
  const scopes = attempt(() => iterate(intro, scope));
  if (scopes.error !== undefined) return findErrors(intro.collection, scope);
  for (const inner of scopes.value) {
    const found = find(inner);
    if (found.length > 0) return found;
  }
  return [];
}

type Attempt<T> = { readonly value: T; readonly error?: undefined } | { readonly error: HclError };

function attempt<T>(run: () => T): Attempt<T> {
  try {
    return { value: run() };
  } catch (error) {
    if (error instanceof HclError) return { error };
    throw error;
  }
}
