import type { HclErrorCode } from "../error/hcl-error.ts";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { HclValue } from "../value/hcl-value.ts";
import type { Position } from "../value/position.ts";

/** What a use of the language adds to it. */
export interface Dialect {
  /** References that are resolved later, by whoever uses the text; absent: every name must be known. */
  readonly later?: LaterReferences;
  /** True: `$${` and `%%{` stay marked, since it is not known yet where a text ends up. */
  readonly keepsEscapes: boolean;
  /** What to do about an attribute that the value of a root does not have; undefined: nothing special. */
  explainMissing?(root: string, name: string): string | undefined;
}

/** References that stay as text, `${…}`. In text, so does a single name that is unknown. */
export interface LaterReferences {
  /** Whether a reference that begins with this name is one. */
  isRoot(name: string): boolean;
  /** What they are, for messages. */
  readonly description: string;
}

/** The language alone: nothing is left for later. */
export const plainHcl: Dialect = { keepsEscapes: false };

/** What an expression can see. */
export interface Scope {
  readonly source: SourceFile;
  /** Roots of references, such as `var` and the names of for-expressions and dynamic blocks. */
  readonly names: ReadonlyMap<string, HclValue>;
  readonly dialect: Dialect;
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

/** Makes errors at a position of the scope's source. */
export function failAt(scope: Scope, position: Position, code: HclErrorCode = "evaluation"): (message: string) => HclError {
  return (message) => new HclError(message, { code, source: scope.source, position });
}
