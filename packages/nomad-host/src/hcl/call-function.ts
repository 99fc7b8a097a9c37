import type { HclValue } from "@driver/nomad-plugin";
import type { Expression } from "./expression.ts";
import { evaluate } from "./evaluate.ts";
import { findFunction, functionNames } from "./functions/function-table.ts";
import { describeKind, isList } from "./hcl-value.ts";
import { suggestName } from "./nearest-name.ts";
import { failAt } from "./scope.ts";
import type { Scope } from "./scope.ts";

type Call = Extract<Expression, { readonly kind: "call" }>;

/** Calls a function by name; the error of an unknown one names the nearest. */
export function callFunction(call: Call, scope: Scope): HclValue {
  const failPlain = failAt(scope, call.position);
  const found = findFunction(call.name);
  if (found === undefined) {
    throw failPlain(`function ${call.name}: not available here${suggestName(call.name, functionNames())}; known are ${functionNames().join(", ")}`);
  }
  const fail = (message: string) => failPlain(`function ${call.name}: ${message}`);
  const args = evaluateArguments(call, scope);
  const most = found.max ?? Number.POSITIVE_INFINITY;
  if (args.length < found.min || args.length > most) throw fail(`takes ${describeCount(found.min, found.max)}, not ${args.length}`);
  return found.apply(args, { fail, baseDir: scope.baseDir });
}

function evaluateArguments(call: Call, scope: Scope): readonly HclValue[] {
  const args = call.args.map((argument) => evaluate(argument, scope));
  if (!call.spreadsLast) return args;
  const last = args.at(-1) ?? null;
  if (!isList(last)) throw failAt(scope, call.position)(`function ${call.name}: ... needs a list before it, not ${describeKind(last)}`);
  return [...args.slice(0, -1), ...last];
}

function describeCount(min: number, max: number | undefined): string {
  const range = max === undefined ? `at least ${min}` : min === max ? String(min) : `${min} to ${max}`;
  return `${range} argument${range === "1" || range === "at least 1" ? "" : "s"}`;
}
