import { setTimeout as sleep } from "node:timers/promises";
import { isTransient } from "../errors.ts";

export interface RetryOptions {
  /** How long tries are begun. */
  readonly forMs: number;
  /** Which failures may pass; default: `isTransient`. */
  readonly when?: (error: unknown) => boolean;
  readonly signal: AbortSignal;
}

const shortestPauseMs = 100;
const longestPauseMs = 2000;

/**
 * Repeats `work` while it fails in a way that may pass, with growing pauses, for `forMs` in all; then rejects with its last
 * error. Only for work that may be done twice.
 */
export async function retryTransient<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const deadlineMs = performance.now() + options.forMs;
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(options.when ?? isTransient)(error) || performance.now() + pauseMs > deadlineMs) throw error;
    }
    await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
  }
}
