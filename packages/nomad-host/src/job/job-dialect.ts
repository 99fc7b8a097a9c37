import { pureFunctionNames } from "@driver/hcl";
import type { Dialect } from "@driver/hcl";

/** HCL in a job: what only the running task knows stays as text, `${…}`, and so does any other unknown name (`nomad`). */
export const jobDialect: Dialect = { keepsUnknown: true, explainMissing: explainMissingDeclaration };

/** HCL in the values of variables, where nothing can be referred to or called (`nomad`). */
export const variableDialect: Dialect = { functions: [] };

/** HCL in the conditions of variables, which look at no files (`nomad`). */
export const conditionDialect: Dialect = { functions: pureFunctionNames(), explainMissing: explainMissingDeclaration };

function explainMissingDeclaration(root: string, name: string): string | undefined {
  if (root === "var") return `variable "${name}": not declared; declare it with variable "${name}" {}`;
  return root === "local" ? `local value "${name}": not declared in a locals block` : undefined;
}
