import type { Logger } from "@driver/nomad-plugin";

/** An undo gets this long, whatever happened to the call that failed. */
const undoTimeoutMs = 30_000;

/**
 * Undoes the steps done so far, last first, unless `keep` was called: `await using undo = new Rollback(…)`. Runs on
 * a deadline of its own, since the caller's signal may be what ended the call.
 */
export class Rollback implements AsyncDisposable {
  readonly #steps: { readonly what: string; readonly undo: (signal: AbortSignal) => Promise<unknown> }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  onFailure(what: string, undo: (signal: AbortSignal) => Promise<unknown>): void {
    this.#steps.push({ what, undo });
  }

  /** Everything succeeded: nothing is undone. */
  keep(): void {
    this.#steps.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step.undo(AbortSignal.timeout(undoTimeoutMs));
      } catch (error) {
        // The error that led here is the one to report; this one is for the operator's log.
        this.#logger.warn(`roll-back failed: ${step.what}`, { error: String(error) });
      }
    }
  }
}
