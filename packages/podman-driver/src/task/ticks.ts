import { toTimerMs } from "@driver/std";

/**
 * Beats fall on multiples of this on the process's clock, so that the readers of many tasks beat together: their samples then share a
 * wake-up of the process and a write to the agent (docs/decisions/0023). Tenths, so that a thousand tasks do not hold up all else at once.
 */
export const gridMs = 100;

/**
 * The next beat after `nowMs`: an interval after `lastMs`, on the grid, and never sooner. Beats that nobody could have heard are
 * left out.
 */
export function nextBeatMs(lastMs: number, intervalMs: number, nowMs: number): number {
  const dueMs = Math.ceil((lastMs + intervalMs) / gridMs) * gridMs;
  return dueMs > nowMs ? dueMs : Math.ceil((nowMs + 1) / gridMs) * gridMs;
}

/** A metronome that never queues: a reader who falls behind gets the next beat, not the missed ones. */
export class Ticks {
  readonly #intervalMs: number;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #lastMs = performance.now();
  #wake: ((beat: boolean) => void) | undefined;
  #closed = false;

  /** @param intervalMs at least `gridMs` */
  constructor(intervalMs: number, signal: AbortSignal) {
    this.#intervalMs = intervalMs;
    this.#signal = signal;
    this.#arm();
    signal.addEventListener("abort", this.close, { once: true });
  }

  /** False once closed. */
  next(): Promise<boolean> {
    if (this.#closed || this.#signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #arm(): void {
    const nowMs = performance.now();
    this.#lastMs = nextBeatMs(this.#lastMs, this.#intervalMs, nowMs);
    this.#timer = setTimeout(this.#beat, toTimerMs(this.#lastMs - nowMs));
  }

  readonly #beat = (): void => {
    this.#arm();
    this.#settle(true);
  };

  readonly close = (): void => {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.close);
    this.#settle(false);
  };

  #settle(beat: boolean): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(beat);
  }
}
