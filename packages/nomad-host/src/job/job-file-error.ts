import { HclError, SourceError } from "@driver/hcl";
import type { HclErrorCode, Position, SourceErrorOptions, SourceFile } from "@driver/hcl";

/** What is wrong with a job file: as HCL, or in one of these ways. */
export type JobFileErrorCode =
  | HclErrorCode
  /** The file cannot be read, or it is no job file at all. */
  | "not-a-job"
  /** A variable is undeclared, unset, or has a value of the wrong type. */
  | "variable"
  /** A key or block is unknown, missing, or has a wrong value. */
  | "invalid";

interface JobFileErrorOptions extends SourceErrorOptions {
  readonly code: JobFileErrorCode;
  /** More mistakes that were found with it, in the order of the file. */
  readonly further?: readonly JobFileError[];
}

/** The one error of reading a job: says file, line and column, and shows the line. */
export class JobFileError extends SourceError {
  override readonly name = "JobFileError";
  readonly code: JobFileErrorCode;
  /** More mistakes that were found with this one, in the order of the file. */
  readonly further: readonly JobFileError[];

  constructor(message: string, options: JobFileErrorOptions) {
    super(message, options);
    this.code = options.code;
    this.further = options.further ?? [];
  }

  override format(): string {
    return [super.format(), ...this.further.map((other) => other.format())].join("\n");
  }
}

/** Gathers the mistakes of a job, so that all are told at once. */
export class JobProblems {
  readonly #found: JobFileError[] = [];

  /** Of the language's own, what is the consequence of another one is left out. */
  add(problem: JobFileError | HclError): void {
    const added = problem instanceof HclError ? toJobFileError(problem) : problem;
    if (added.code === "consequence") return;
    const { message, position, file } = added;
    const isKnown = this.#found.some((known) => known.message === message && known.file === file && isSame(known.position, position));
    if (!isKnown) this.#found.push(added);
  }

  /** What `read` gives; undefined: it could not, and why is among the problems now. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      return this.#note(error);
    }
  }

  /** As `attempt`, for what takes its time. */
  async attemptLater<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      return this.#note(error);
    }
  }

  /** Throws what is no mistake in a file. */
  #note(error: unknown): undefined {
    if (!(error instanceof JobFileError || error instanceof HclError)) throw error;
    this.add(error);
    return undefined;
  }

  /** File by file as they were met, each in its order. */
  all(): readonly JobFileError[] {
    const files = [...new Set(this.#found.map(({ file }) => file))];
    return this.#found.toSorted(
      (left, right) => files.indexOf(left.file) - files.indexOf(right.file) || compare(left.position, right.position),
    );
  }

  /** Throws one error for all that was found. */
  throwIfAny(): void {
    const [first, ...further] = this.all();
    if (first === undefined) return;
    const { code, source, position, cause } = first;
    throw new JobFileError(first.message, { code, source, position, cause, further });
  }
}

function isSame(left: Position | undefined, right: Position | undefined): boolean {
  return left?.line === right?.line && left?.column === right?.column;
}

function compare(left: Position | undefined, right: Position | undefined): number {
  return (left?.line ?? 0) - (right?.line ?? 0) || (left?.column ?? 0) - (right?.column ?? 0);
}

/** Makes errors at a position of a source. */
export function failAt(at: { readonly source: SourceFile }, position: Position, code: JobFileErrorCode): (message: string) => JobFileError {
  return (message) => new JobFileError(message, { code, source: at.source, position });
}

/** Runs a part of reading a job; what the language refuses becomes a JobFileError with the same words. */
export async function asJobFile<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof HclError ? toJobFileError(error) : error;
  }
}

function toJobFileError({ message, code, source, position, cause }: HclError): JobFileError {
  return new JobFileError(message, { code, source, position, cause });
}
