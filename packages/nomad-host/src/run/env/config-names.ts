import type { HclRecord, HclValue } from "@driver/hcl";

import type { Scope } from "./interpolate.ts";

type Nested = { [name: string]: string | Nested };

/**
 * What the expressions in a `config` block can refer to: the task's environment, also as `env`, and the node's names,
 * where a dot leads into an object (`nomad`: taskenv AllValues). A name with more below it is an object, whatever its own value.
 */
export function toConfigNames(env: Readonly<Record<string, string>>, nodeScope: Scope): HclRecord {
  const names: Nested = Object.create(null);
  for (const [name, value] of [...Object.entries(env), ...nodeScope]) addNested(names, name.split("."), value);
  const { attr, meta, node, ...rest } = names;
  const ownNode = typeof node === "object" ? node : {};
  const inNode: HclRecord = { ...ownNode, ...(attr === undefined ? {} : { attr }), ...(meta === undefined ? {} : { meta }) };
  const all: Record<string, HclValue> = { ...rest, node: inNode, env };
  if (attr !== undefined) all["attr"] = attr;
  if (meta !== undefined) all["meta"] = meta;
  return all;
}

function addNested(into: Nested, path: readonly string[], value: string): void {
  const [name = "", ...inner] = path;
  // A path with an empty part can be reached through `env["…"]` only.
  if (path.includes("")) return;
  const known = into[name];
  if (inner.length === 0) {
    if (typeof known !== "object") into[name] = value;
    return;
  }
  const target: Nested = typeof known === "object" ? known : Object.create(null);
  into[name] = target;
  addNested(target, inner, value);
}
