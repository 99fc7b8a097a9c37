import { BackOff } from "../back-off.ts";
import { isTransient } from "../errors.ts";

export interface RetryOptions {
  /** How long tries are begun. */
  readonly forMs: number;
  /** Which failures may pass; default: `isTransient`. */
  readonly when?: (error: unknown) => boolean;
  readonly signal: AbortSignal;
}

const pauses = { shortestMs: 100, longestMs: 2000 };

/**
 * Repeats `work` while it fails in a way that may pass, with growing pauses, for `forMs` in all; then rejects with its last
 * error. Only for work that may be done twice.
 */
export async function retryTransient<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const deadlineMs = performance.now() + options.forMs;
  for (const backOff = new BackOff(pauses); ; ) {
    try {
      return await work();
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(options.when ?? isTransient)(error) || performance.now() + backOff.nextMs > deadlineMs) throw error;
    }
    await backOff.pause(options.signal);
  }
}
