import { evaluate, findNames, withNames } from "@driver/hcl";
import type { Attribute, Body, HclValue, Scope } from "@driver/hcl";
import { failAt } from "./job-file-error.ts";

/** Evaluates all `locals`, each after the ones it needs; the scope it returns has `local`. */
export function resolveLocals(body: Body, scope: Scope): Scope {
  const attributes = collectLocals(body, scope);
  const values = new Map<string, HclValue>();
  const withLocals = () => withNames(scope, [["local", Object.fromEntries(values)]]);
  const resolve = (attribute: Attribute, path: readonly string[]): void => {
    if (values.has(attribute.name)) return;
    if (path.includes(attribute.name)) {
      const cycle = [...path.slice(path.indexOf(attribute.name)), attribute.name];
      throw failAt(scope, attribute.position, "invalid")(`local value "${attribute.name}": needs itself: ${cycle.join(" → ")}`);
    }
    for (const name of findNames(attribute.expression, "local")) {
      const needed = attributes.get(name);
      if (needed !== undefined) resolve(needed, [...path, attribute.name]);
    }
    values.set(attribute.name, evaluate(attribute.expression, withLocals()));
  };
  for (const attribute of attributes.values()) resolve(attribute, []);
  return withLocals();
}

function collectLocals(body: Body, scope: Scope): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const block of body.blocks.filter((candidate) => candidate.type === "locals")) {
    const [inner] = block.body.blocks;
    if (inner !== undefined) throw failAt(scope, inner.position, "invalid")(`block ${inner.type} in locals: only arguments may stand here`);
    if (block.labels.length > 0) throw failAt(scope, block.position, "invalid")("block locals: takes no label");
    for (const attribute of block.body.attributes) {
      // Of two blocks the later one counts (`nomad`).
      attributes.set(attribute.name, attribute);
    }
  }
  return attributes;
}
