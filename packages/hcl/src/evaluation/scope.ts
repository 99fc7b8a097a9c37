import type { HclErrorCode } from "../error/hcl-error.ts";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { HclValue } from "../value/hcl-value.ts";
import type { Position } from "../value/position.ts";

/** What a use of the language adds to it. */
export interface Dialect {
  /** True: a reference whose first name is unknown stays as text, `${…}`, for whoever uses it; else it is an error. */
  readonly keepsUnknown?: boolean;
  /** What is wrong with a first name that is unknown; absent: words that fit everywhere. */
  explainUnknown?(name: string, known: readonly string[]): string;
  /** The functions there are; absent: all. */
  readonly functions?: readonly string[];
  /** What to do about an attribute that the value of a root does not have; undefined: nothing special. */
  explainMissing?(root: string, name: string): string | undefined;
}

/** The language alone. */
export const plainHcl: Dialect = {};

/** What an expression can see. */
export interface Scope {
  readonly source: SourceFile;
  /** Roots of references, such as `var` and the names of for-expressions and dynamic blocks. */
  readonly names: ReadonlyMap<string, HclValue>;
  readonly dialect: Dialect;
  /** By root, such as `var`: names below it whose values could not be evaluated. What refers to one is a consequence. */
  readonly failed?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Folder that paths of `file` and its like start from. */
  readonly baseDir: string;
}

/** A scope without any name, for a source in which nothing may be referred to. */
export function createScope(source: SourceFile, options: { readonly baseDir: string; readonly dialect?: Dialect }): Scope {
  return { source, names: new Map(), dialect: options.dialect ?? plainHcl, baseDir: options.baseDir };
}

/** The same scope with more names, which hide equal ones. */
export function withNames(scope: Scope, names: Iterable<readonly [string, HclValue]>): Scope {
  return { ...scope, names: new Map([...scope.names, ...names]) };
}

/** The same scope, where nobody can know the values of these names below `root`. */
export function withFailed(scope: Scope, root: string, names: ReadonlySet<string>): Scope {
  return { ...scope, failed: new Map([...(scope.failed ?? []), [root, names]]) };
}

/** Makes errors at a position of the scope's source. */
export function failAt(scope: Scope, position: Position, code: HclErrorCode = "evaluation"): (message: string) => HclError {
  return (message) => new HclError(message, { code, source: scope.source, position });
}
