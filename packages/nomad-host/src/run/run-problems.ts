import type { PlacedProblem } from "./driver/encode-task-config.ts";
import { RunError } from "./run-error.ts";
import type { RunErrorCode } from "./run-error.ts";

/** Gathers what is wrong with a job's tasks, so that all is told at once. Copies of a group count once. */
export class RunProblems {
  readonly #found = new Map<string, { readonly code: RunErrorCode; readonly problem: PlacedProblem }>();

  add(code: RunErrorCode, problem: PlacedProblem): void {
    const { message, position } = problem;
    this.#found.set(`${position.line}:${position.column} ${message}`, { code, problem });
  }

  /** Throws one error for all that was found, in the order of the file. */
  throwIfAny(): void {
    const [first, ...further] = [...this.#found.values()].sort(
      ({ problem: { position: left } }, { problem: { position: right } }) => left.line - right.line || left.column - right.column,
    );
    if (first === undefined) return;
    const { message, position } = first.problem;
    throw new RunError(first.code, message, { position, further: further.map(({ problem }) => problem) });
  }
}
