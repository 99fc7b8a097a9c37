import { mapTexts } from "@driver/hcl";
import type { Position } from "@driver/hcl";
import type { ConfigBody } from "@driver/nomad-plugin";
import { RunError } from "../run-error.ts";
import { parseReference, parseTemplate } from "./template.ts";

/** Dotted name (`NOMAD_JOB_ID`, `node.unique.id`, `attr.kernel.name`, `env.HOME`) → value. */
export type Scope = ReadonlyMap<string, string>;

/** Replaces what `scope` knows and leaves the rest as it stands, as Nomad does for `env`, `meta` and `user`. */
export function interpolateText(text: string, scope: Scope): string {
  return parseTemplate(text)
    .map((part) => (part.kind === "text" ? part.text : (scope.get(parseReference(part.source) ?? "") ?? part.raw)))
    .join("");
}

/** Replaces every `${…}` in the strings and map keys of a `config` block; an unknown name is an error, as in Nomad. */
export function interpolateConfig(body: ConfigBody, scope: Scope): ConfigBody {
  return {
    position: body.position,
    attributes: body.attributes.map(({ name, value, position }) => ({
      name,
      position,
      value: mapTexts(value, (text) => interpolateStrictly(text, scope, { name, position })),
    })),
    blocks: body.blocks.map(({ type, labels, position, body: inner }) => ({
      type,
      position,
      labels: labels.map((label) => interpolateStrictly(label, scope, { name: type, position })),
      body: interpolateConfig(inner, scope),
    })),
  };
}

function interpolateStrictly(text: string, scope: Scope, where: { readonly name: string; readonly position: Position }): string {
  return parseTemplate(text)
    .map((part) => {
      if (part.kind === "text") return part.text;
      const name = parseReference(part.source);
      const value = name === undefined ? undefined : scope.get(name);
      if (value !== undefined) return value;
      throw new RunError("job-invalid", `${where.name}: ${describeUnknown(part.raw, name, scope)}`, { position: where.position });
    })
    .join("");
}

function describeUnknown(raw: string, name: string | undefined, scope: Scope): string {
  if (name === undefined) return `cannot evaluate ${raw}: only references such as \${NOMAD_TASK_NAME} or \${attr.kernel.name} work here`;
  const root = name.split(".")[0] ?? name;
  const siblings = [...scope.keys()].filter((key) => key.startsWith(`${root}.`)).length;
  const reason = name.includes(".") && siblings === 0 ? `nothing named ${root}.… is known` : `${name} is not known`;
  return `unknown variable in ${raw}: ${reason}; write $$\{…} for the literal text`;
}
