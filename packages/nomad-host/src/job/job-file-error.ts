import { HclError, SourceError } from "@driver/hcl";
import type { Fail, HclErrorCode, Position, SourceErrorOptions, SourceFile } from "@driver/hcl";

/** What is wrong with a job file: as HCL, or in one of these ways. */
export type JobFileErrorCode =
  | HclErrorCode
  /** The file cannot be read, or it is no job file at all. */
  | "not-a-job"
  /** A variable is undeclared, unset, or has a value of the wrong type. */
  | "variable"
  /** A key or block is unknown, missing, or has a wrong value. */
  | "invalid";

/** The one error of reading a job: says file, line and column, and shows the line. */
export class JobFileError extends SourceError {
  override readonly name = "JobFileError";
  readonly code: JobFileErrorCode;

  constructor(message: string, options: SourceErrorOptions & { readonly code: JobFileErrorCode }) {
    super(message, options);
    this.code = options.code;
  }
}

/** Makes errors at a position of a source. */
export function failAt(at: { readonly source: SourceFile }, position: Position, code: JobFileErrorCode): Fail {
  return (message) => new JobFileError(message, { code, source: at.source, position });
}

/** Runs a part of reading a job; what the language refuses becomes a JobFileError with the same words. */
export async function asJobFile<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    throw new JobFileError(error.message, { code: error.code, source: error.source, position: error.position, cause: error.cause });
  }
}
