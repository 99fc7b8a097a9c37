import type { HclValue, Position } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import type { JobFileErrorCode, SourceFile } from "./job-file-error.ts";
import type { Fail } from "./hcl-value.ts";

/** What an expression can see. */
export interface Scope {
  readonly source: SourceFile;
  /** Roots of references: `var`, `local`, and the names of for-expressions and dynamic blocks. */
  readonly names: ReadonlyMap<string, HclValue>;
  /** True in a job: what only the running task can resolve stays as text `${…}`. */
  readonly keepsRuntimeReferences: boolean;
  /** True: `$${` and `%%{` stay marked, since it is not known yet where a text ends up. */
  readonly keepsEscapes: boolean;
  /** Folder that paths of `file` and its like start from. */
  readonly baseDir: string;
}

/** A scope without any name, for a source in which nothing may be referred to. */
export function createEmptyScope(source: SourceFile, baseDir: string): Scope {
  return { source, names: new Map(), keepsRuntimeReferences: false, keepsEscapes: false, baseDir };
}

/** An empty scope for values that the job uses later. */
export function createVariableScope(source: SourceFile, baseDir: string): Scope {
  return { ...createEmptyScope(source, baseDir), keepsEscapes: true };
}

/** The same scope with more names, which hide equal ones. */
export function withNames(scope: Scope, names: Iterable<readonly [string, HclValue]>): Scope {
  return { ...scope, names: new Map([...scope.names, ...names]) };
}

/** Makes errors at a position of the scope's source. */
export function failAt(scope: Scope, position: Position, code: JobFileErrorCode = "evaluation"): Fail {
  return (message) => new JobFileError(message, { code, source: scope.source, position });
}

/** Whether a root is resolved where the task runs: node attributes and Nomad's variables (`nomad`: interpolation). */
export function isRuntimeRoot(name: string): boolean {
  return ["attr", "node", "meta", "env", "device"].includes(name) || name.startsWith("NOMAD_");
}
