import type { HclValue } from "../value/hcl-value.ts";
import type { Expression, ForIntro } from "../syntax/expression.ts";
import { evaluate, evaluateKey } from "./evaluate.ts";
import { describeKind, isList, isRecord, sortedKeys } from "../value/hcl-value.ts";
import { needBool } from "./operators.ts";
import { failAt, withNames } from "./scope.ts";
import type { Scope } from "./scope.ts";

/** `[for v in x : …]`. */
export function evaluateForTuple(expression: Extract<Expression, { readonly kind: "for-tuple" }>, scope: Scope): HclValue {
  return iterate(expression.intro, scope)
    .filter((inner) => isWanted(expression.condition, inner))
    .map((inner) => evaluate(expression.value, inner));
}

/** `{for k, v in x : k => v}`; with `...` the values of one key are collected in a list. */
export function evaluateForObject(expression: Extract<Expression, { readonly kind: "for-object" }>, scope: Scope): HclValue {
  const values = new Map<string, HclValue[]>();
  for (const inner of iterate(expression.intro, scope)) {
    if (!isWanted(expression.condition, inner)) continue;
    const key = evaluateKey(expression.key, inner);
    const earlier = values.get(key);
    if (earlier !== undefined && !expression.groups) {
      throw failAt(scope, expression.key.position)(`for: key "${key}" comes twice; add ... after the value to collect values in lists`);
    }
    const value = evaluate(expression.value, inner);
    if (earlier === undefined) values.set(key, [value]);
    else earlier.push(value);
  }
  return Object.fromEntries([...values].map(([key, list]) => [key, expression.groups ? list : (list[0] ?? null)]));
}

/** One scope for each element of the collection: lists by index, maps by key in order. */
export function iterate(intro: ForIntro, scope: Scope): readonly Scope[] {
  const collection = evaluate(intro.collection, scope);
  return entriesOf(collection, intro, scope).map(([key, value]) => {
    const keyName: readonly (readonly [string, HclValue])[] = intro.keyName === undefined ? [] : [[intro.keyName, key]];
    return withNames(scope, [...keyName, [intro.valueName, value]]);
  });
}

function entriesOf(collection: HclValue, intro: ForIntro, scope: Scope): readonly (readonly [HclValue, HclValue])[] {
  if (isList(collection)) return collection.map((value, index) => [index, value]);
  if (isRecord(collection)) return sortedKeys(collection).map((key) => [key, collection[key] ?? null]);
  throw failAt(scope, intro.collection.position)(`for: needs a list or a map, not ${describeKind(collection)}`);
}

function isWanted(condition: Expression | undefined, scope: Scope): boolean {
  return condition === undefined || needBool(evaluate(condition, scope), "for: condition", failAt(scope, condition.position));
}
