import { evaluateOrReport, findNames, withFailed, withNames } from "@driver/hcl";
import type { Attribute, Body, HclValue, Scope } from "@driver/hcl";
import { argumentsOf } from "./arguments-of.ts";
import { failAt } from "./job-file-error.ts";
import type { JobProblems } from "./job-file-error.ts";

/**
 * Evaluates all `locals`, each after the ones it needs; the scope it returns has `local`. What is wrong is among the problems, and
 * what refers to it is not told again.
 */
export function resolveLocals(
  body: Body,
  scope: Scope,
  {
    problems,
    lost,
  }: { readonly problems: JobProblems; /** Names that are declared where they must not be. */ readonly lost: ReadonlySet<string> },
): Scope {
  const attributes = collectLocals(body, scope, problems);
  const values = new Map<string, HclValue>();
  const failed = new Set(lost);
  const withLocals = () => withFailed(withNames(scope, [["local", Object.fromEntries(values)]]), "local", failed);
  const resolve = (attribute: Attribute, path: readonly string[]): void => {
    const { name, expression, position } = attribute;
    if (values.has(name) || failed.has(name)) return;
    if (path.includes(name)) {
      const cycle = [...path.slice(path.indexOf(name)), name];
      failed.add(name);
      return problems.add(failAt(scope, position, "invalid")(`local value "${name}": needs itself: ${cycle.join(" → ")}`));
    }
    for (const needed of findNames(expression, "local").map((inner) => attributes.get(inner)))
      if (needed !== undefined) resolve(needed, [...path, name]);
    if (failed.has(name)) return;
    const value = evaluateOrReport(expression, withLocals(), (problem) => problems.add(problem));
    if (value === undefined) failed.add(name);
    else values.set(name, value);
  };
  for (const attribute of attributes.values()) resolve(attribute, []);
  return withLocals();
}

function collectLocals(body: Body, scope: Scope, problems: JobProblems): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const block of body.blocks.filter((candidate) => candidate.type === "locals")) {
    for (const attribute of argumentsOf(block, scope, problems)) {
      // Of two blocks the later one counts (`nomad`).
      attributes.set(attribute.name, attribute);
    }
  }
  return attributes;
}
