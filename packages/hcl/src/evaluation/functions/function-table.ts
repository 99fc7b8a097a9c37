import { collectionFunctions } from "./collection-functions.ts";
import { encodingFunctions } from "./encoding-functions.ts";
import { fileFunctions } from "./file-functions.ts";
import { formatFunctions } from "./format-function.ts";
import type { FunctionTable, HclFunction } from "./hcl-function.ts";
import { numberFunctions } from "./number-functions.ts";
import { textFunctions } from "./text-functions.ts";
import { uuidFunctions } from "./uuid-functions.ts";

const table: FunctionTable = {
  ...collectionFunctions,
  ...encodingFunctions,
  ...fileFunctions,
  ...formatFunctions,
  ...numberFunctions,
  ...textFunctions,
  ...uuidFunctions,
};

/** Nomad has these; this host does not. */
const unsupported: ReadonlySet<string> = new Set([
  "bcrypt",
  "cidrhost",
  "cidrnetmask",
  "cidrsubnet",
  "cidrsubnets",
  "convert",
  "csvdecode",
  "fileset",
  "formatdate",
  "regex_replace",
  "rsadecrypt",
  "timeadd",
  "yamldecode",
  "yamlencode",
]);

/** Functions that look at their arguments unevaluated; the evaluator knows them itself. */
export const lazyFunctionNames = ["can", "try"] as const;

/** The function of a name; undefined when there is none. */
export function findFunction(name: string): HclFunction | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Whether Nomad has a function that this host lacks. */
export function isUnsupportedFunction(name: string): boolean {
  return unsupported.has(name);
}

/** All names, in alphabetical order. */
export function functionNames(): readonly string[] {
  return [...Object.keys(table), ...lazyFunctionNames].sort();
}

/** Those that look at no file, in alphabetical order. */
export function pureFunctionNames(): readonly string[] {
  return functionNames().filter((name) => !Object.hasOwn(fileFunctions, name));
}

/** Names of Nomad's functions that this host lacks, in alphabetical order. */
export function unsupportedFunctionNames(): readonly string[] {
  return [...unsupported].sort();
}
