/** Dotted name (`NOMAD_JOB_ID`, `node.unique.id`, `attr.kernel.name`) → value. */
export type Scope = ReadonlyMap<string, string>;

/** Replaces each `${name}` that `scope` knows and leaves all else as it stands: `env`, `meta` and paths know no escape (`nomad`). */
export function interpolateText(text: string, scope: Scope): string {
  return text.replace(/\$\{([A-Za-z0-9_.-]+)\}/g, (whole, name: string) => scope.get(name) ?? whole);
}
