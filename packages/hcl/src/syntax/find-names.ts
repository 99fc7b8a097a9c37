import type { Expression } from "./expression.ts";
import { innerExpressions } from "./inner-expressions.ts";

/** Names `x` of all `root.x` and `root["x"]` in an expression. */
export function findNames(expression: Expression, root: string): readonly string[] {
  const isOfRoot = (target: Expression) => target.kind === "variable" && target.name === root;
  if (expression.kind === "attribute" && isOfRoot(expression.target)) return [expression.name];
  const own =
    expression.kind === "index" && isOfRoot(expression.target) && expression.key.kind === "literal" ? [String(expression.key.value)] : [];
  return [...own, ...innerExpressions(expression).flatMap((inner) => findNames(inner, root))];
}
