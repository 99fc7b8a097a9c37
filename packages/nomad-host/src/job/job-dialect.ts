import type { Dialect } from "@driver/hcl";

const runtimeRoots: ReadonlySet<string> = new Set(["attr", "node", "meta", "env", "device"]);

/** HCL in a job: node attributes and Nomad's variables are filled in where the task runs (`nomad`: interpolation). */
export const jobDialect: Dialect = {
  later: {
    isRoot: (name) => runtimeRoots.has(name) || name.startsWith("NOMAD_"),
    description: "attr, node, meta, env, device and NOMAD_… for the running task",
  },
  keepsEscapes: true,
  explainMissing: explainMissingDeclaration,
};

/** HCL in the values of variables, which the job uses later. */
export const variableDialect: Dialect = { keepsEscapes: true, explainMissing: explainMissingDeclaration };

function explainMissingDeclaration(root: string, name: string): string | undefined {
  if (root === "var") return `variable "${name}": not declared; declare it with variable "${name}" {}`;
  return root === "local" ? `local value "${name}": not declared in a locals block` : undefined;
}
