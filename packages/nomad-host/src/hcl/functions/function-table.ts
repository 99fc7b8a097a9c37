import type { FunctionTable, HclFunction } from "./hcl-function.ts";

const table: FunctionTable = {};

/** The function of a name; undefined when there is none. */
export function findFunction(name: string): HclFunction | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** All names, in alphabetical order. */
export function functionNames(): readonly string[] {
  return Object.keys(table).sort();
}
