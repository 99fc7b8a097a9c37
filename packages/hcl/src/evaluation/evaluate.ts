import type { HclRecord, HclValue } from "../value/hcl-value.ts";
import type { Expression, SplatStep } from "../syntax/expression.ts";
import { callFunction } from "./call-function.ts";
import { evaluateForObject, evaluateForTuple } from "./evaluate-for.ts";
import { evaluateTemplate } from "./evaluate-template.ts";
import { composeTexts, describeKind, isList, isRecord } from "../value/hcl-value.ts";
import { toNumber, toText } from "../value/scalar.ts";
import { unifyValues } from "../value/unify-values.ts";
import type { Fail } from "../error/hcl-error.ts";
import { suggestName } from "../error/nearest-name.ts";
import { applyBinary, applyUnary, needBool } from "./operators.ts";
import { failAt } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { HclError } from "../error/hcl-error.ts";

/** The value of an expression; throws a HclError at the place of what cannot be evaluated. */
export function evaluate(expression: Expression, scope: Scope): HclValue {
  const fail = failAt(scope, expression.position);
  switch (expression.kind) {
    case "literal":
      return composeTexts(expression.value);
    case "template":
      return composeTexts(evaluateTemplate(expression.parts, scope));
    case "variable":
    case "attribute":
    case "index":
      return evaluateReference(expression, scope);
    case "splat":
      return evaluateSplat(expression, scope);
    case "conditional":
      return evaluateConditional(expression, scope);
    case "unary":
      return applyUnary(expression.operator, evaluate(expression.operand, scope), fail);
    case "binary":
      return applyBinary(expression.operator, { left: evaluate(expression.left, scope), right: evaluate(expression.right, scope) }, fail);
    case "call":
      return composeTexts(callFunction(expression, scope));
    case "tuple":
      return expression.items.map((item) => evaluate(item, scope));
    case "object":
      return Object.fromEntries(expression.entries.map(({ key, value }) => [evaluateKey(key, scope), evaluate(value, scope)]));
    case "for-tuple":
      return evaluateForTuple(expression, scope);
    case "for-object":
      return evaluateForObject(expression, scope);
  }
}

/** The text that an expression gives for use as a key. */
export function evaluateKey(expression: Expression, scope: Scope): string {
  const value = evaluate(expression, scope);
  const text = toText(value);
  if (text === undefined) throw failAt(scope, expression.position)(`object key: must be a string, not ${describeKind(value)}`);
  return text;
}

type Reference = Extract<Expression, { readonly kind: "variable" | "attribute" | "index" }>;

function evaluateReference(expression: Reference, scope: Scope): HclValue {
  if (isUnknownReference(expression, scope)) return `\${${expression.text}}`;
  const fail = failAt(scope, expression.position);
  if (expression.kind === "variable") {
    const value = scope.names.get(expression.name);
    if (value !== undefined) return value;
    throw fail(explainUnknownRoot(expression.name, scope));
  }
  refuseFailed(expression, scope);
  const target = evaluate(expression.target, scope);
  if (expression.kind === "index") return pickIndex(target, evaluate(expression.key, scope), fail);
  const root = expression.target.kind === "variable" ? expression.target.name : undefined;
  const advice = root === undefined ? undefined : scope.dialect.explainMissing?.(root, expression.name);
  return pickAttribute(target, { name: expression.name, advice }, fail);
}

function refuseFailed(expression: Exclude<Reference, { readonly kind: "variable" }>, scope: Scope): void {
  const { target } = expression;
  if (target.kind !== "variable") return;
  const key = expression.kind === "attribute" ? expression.name : expression.key.kind === "literal" ? expression.key.value : undefined;
  if (typeof key === "string" && scope.failed?.get(target.name)?.has(key) === true)
    throw failAt(scope, expression.position, "consequence")(`${target.name}.${key} could not be evaluated`);
}

/** Whether it is a reference that stays as text: names and constant keys behind a first name that nobody knows. */
export function isUnknownReference(expression: Expression, scope: Scope): boolean {
  if (scope.dialect.keepsUnknown !== true) return false;
  if (expression.kind === "attribute") return isUnknownReference(expression.target, scope);
  if (expression.kind === "index") return expression.key.kind === "literal" && isUnknownReference(expression.target, scope);
  return expression.kind === "variable" && !scope.names.has(expression.name);
}

function explainUnknownRoot(name: string, scope: Scope): string {
  const { explainUnknown } = scope.dialect;
  if (explainUnknown !== undefined) return explainUnknown(name, [...scope.names.keys()]);
  if (scope.names.size === 0) return `name "${name}": nothing can be referred to here; text needs quotes`;
  const known = [...scope.names.keys()];
  return `name "${name}": unknown${suggestName(name, known) || `; known are ${known.sort().join(", ")}`}; text needs quotes`;
}

function pickAttribute(target: HclValue, wanted: { readonly name: string; readonly advice?: string | undefined }, fail: Fail): HclValue {
  const { name, advice } = wanted;
  if (isRecord(target)) {
    const value = ownValue(target, name);
    if (value !== undefined) return value;
    const suggestion = suggestName(name, Object.keys(target));
    throw fail(`${advice ?? `attribute "${name}": the object has none of this name`}${suggestion}`);
  }
  throw fail(`attribute "${name}": ${describeKind(target)} has no attributes`);
}

function pickIndex(target: HclValue, key: HclValue, fail: Fail): HclValue {
  if (isList(target)) {
    const index = toNumber(key);
    const item = index === undefined ? undefined : target[Number(index)];
    if (item !== undefined) return item;
    throw fail(`index ${toText(key) ?? describeKind(key)}: the list has ${target.length} items, counted from 0`);
  }
  if (isRecord(target)) {
    const name = toText(key);
    const value = name === undefined ? undefined : ownValue(target, name);
    if (value !== undefined) return value;
    throw fail(
      `key ${JSON.stringify(name ?? describeKind(key))}: the object has none of this name${suggestName(name ?? "", Object.keys(target))}`,
    );
  }
  throw fail(`index: ${describeKind(target)} has no items`);
}

function ownValue(record: HclRecord, name: string): HclValue | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function evaluateSplat(expression: Extract<Expression, { readonly kind: "splat" }>, scope: Scope): HclValue {
  const target = evaluate(expression.target, scope);
  if (target === null) return [];
  const items = isList(target) ? target : [target];
  return items.map((item) => expression.steps.reduce((value, step) => takeStep(value, step, scope), item));
}

function takeStep(value: HclValue, step: SplatStep, scope: Scope): HclValue {
  const fail = failAt(scope, step.position);
  if (step.kind === "index") return pickIndex(value, evaluate(step.key, scope), fail);
  return pickAttribute(value, { name: step.name }, fail);
}

/** Both branches take one type, such as strings when one is a string and the other a number (`hcl`). */
function evaluateConditional(expression: Extract<Expression, { readonly kind: "conditional" }>, scope: Scope): HclValue {
  const condition = needBool(evaluate(expression.condition, scope), "condition", failAt(scope, expression.condition.position));
  const chosen = evaluate(condition ? expression.then : expression.otherwise, scope);
  const other = tryEvaluate(condition ? expression.otherwise : expression.then, scope);
  if (other === undefined) return chosen;
  const unified = unifyValues([chosen, other]);
  if (unified !== undefined) return unified[0] ?? null;
  throw failAt(
    scope,
    expression.position,
  )(`conditional: one branch is ${describeKind(chosen)}, the other ${describeKind(other)}; they cannot be brought to one type`);
}

/** The branch that is not taken counts for its type only: what fails in it is of no concern. */
function tryEvaluate(expression: Expression, scope: Scope): HclValue | undefined {
  try {
    return evaluate(expression, scope);
  } catch (error) {
    if (error instanceof HclError) return undefined;
    throw error;
  }
}
