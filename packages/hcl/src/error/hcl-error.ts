import type { SourceErrorOptions } from "./source-error.ts";
import { SourceError } from "./source-error.ts";

/** What is wrong with a text. */
export type HclErrorCode =
  /** The text is not HCL. */
  | "syntax"
  /** An expression cannot be evaluated, or a `dynamic` block cannot be expanded. */
  | "evaluation"
  /** An expression refers to what could not be evaluated itself, and is told there. */
  | "consequence"
  /** The language has it, this implementation does not. */
  | "unsupported"
  /** A part of the parser could not be loaded. */
  | "parser-missing";

/** Makes the error of a failed operation: whoever calls knows file and position. */
export type Fail = (message: string) => Error;

/** The one error of reading HCL. */
export class HclError extends SourceError {
  override readonly name = "HclError";
  readonly code: HclErrorCode;

  constructor(message: string, options: SourceErrorOptions & { readonly code: HclErrorCode }) {
    super(message, options);
    this.code = options.code;
  }
}
