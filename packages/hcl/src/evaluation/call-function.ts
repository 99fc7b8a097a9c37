import type { HclValue } from "../value/hcl-value.ts";
import type { Expression } from "../syntax/expression.ts";
import { evaluate } from "./evaluate.ts";
import { findFunction, functionNames, isUnsupportedFunction } from "./functions/function-table.ts";
import { describeKind, isList } from "../value/hcl-value.ts";
import { HclError } from "../error/hcl-error.ts";
import { suggestName } from "../error/nearest-name.ts";
import { failAt } from "./scope.ts";
import type { Scope } from "./scope.ts";

type Call = Extract<Expression, { readonly kind: "call" }>;

/** Calls a function by name; the error of an unknown one names the nearest. */
export function callFunction(call: Call, scope: Scope): HclValue {
  const { functions } = scope.dialect;
  if (functions !== undefined && !functions.includes(call.name)) throw functionNotHere(call, functions, scope);
  if (call.name === "try" || call.name === "can") return callLazy(call, scope);
  const found = findFunction(call.name);
  if (found === undefined) throw unknownFunction(call, scope);
  const failPlain = failAt(scope, call.position);
  const fail = (message: string) => failPlain(`function ${call.name}: ${message}`);
  const args = evaluateArguments(call, scope);
  const most = found.max ?? Number.POSITIVE_INFINITY;
  if (args.length < found.min || args.length > most) throw fail(`takes ${describeCount(found.min, found.max)}, not ${args.length}`);
  return found.apply(args, { fail, baseDir: scope.baseDir });
}

function functionNotHere(call: Call, known: readonly string[], scope: Scope): HclError {
  const rule = known.length === 0 ? "nothing can be called here" : `there is none here; known are ${known.join(", ")}`;
  return failAt(scope, call.position)(`function ${call.name}: ${rule}`);
}

function unknownFunction(call: Call, scope: Scope): HclError {
  if (isUnsupportedFunction(call.name))
    return failAt(scope, call.position, "unsupported")(`function ${call.name}: Nomad has it, this host does not support it`);
  return failAt(
    scope,
    call.position,
  )(`function ${call.name}: unknown${suggestName(call.name, functionNames()) || `; known are ${functionNames().join(", ")}`}`);
}

/** `try` gives the first argument that can be evaluated, `can` says whether its only one can be. */
function callLazy(call: Call, scope: Scope): HclValue {
  if (call.name === "can" && call.args.length !== 1)
    throw failAt(scope, call.position)(`function can: takes 1 argument, not ${call.args.length}`);
  for (const argument of call.args) {
    try {
      const value = evaluate(argument, scope);
      return call.name === "can" ? true : value;
    } catch (error) {
      if (!(error instanceof HclError)) throw error;
    }
  }
  if (call.name === "can") return false;
  throw failAt(scope, call.position)("function try: none of its arguments can be evaluated");
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
