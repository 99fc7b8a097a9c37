import type { Heap, TrimOptions } from "../process-heap.ts";

/** Time without a call before the plugin counts as calm. */
const calmMs = 2000;
/** Time without a call before the plugin also gives up code: what calls every few seconds would compile it again and again. */
const longCalmMs = 60_000;
/** Least time from one trim to the next, so that all of them cost no more than 0.4 % of a core. */
const intervalMs = 10_000;
/** A heap that has grown by less since the last trim is not worth another. */
const worthwhileBytes = 6_000_000;
/** A trim takes 4 ms for each MB that stays: on a node with so many tasks a late exit is worse than some memory. */
const largestBytes = 40_000_000;

/**
 * Gives memory back once a burst of calls is over, and has the heap take little until the next. A start leaves the heap a third larger
 * than what stays in use, and the engine keeps it for the next burst, which on most nodes is hours away (docs/decisions/0023, 0025).
 */
export class HeapTrimmer implements Disposable {
  readonly #heap: Heap;
  /** Runs until all is done that calls have made due. */
  #timer: NodeJS.Timeout | undefined;
  #isCalm = false;
  /** Whether it was asked since the last call if a trim is worth it. */
  #hasAsked = false;
  #lastCallMs = 0;
  #lastTrimMs = -Infinity;
  #trimmedBytes = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** A call has begun or ended. Cheap: one timer serves all. */
  readonly noteCall = (): void => {
    this.#lastCallMs = performance.now();
    this.#hasAsked = false;
    if (this.#timer !== undefined && !this.#isCalm) return;
    this.#setCalm(false);
    this.#wait(calmMs);
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#look, Math.max(1, ms)).unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const nowMs = performance.now();
    const calmAtMs = this.#lastCallMs + calmMs;
    if (nowMs < calmAtMs) return this.#wait(calmAtMs - nowMs);
    this.#setCalm(true);
    const longCalmAtMs = this.#lastCallMs + longCalmMs;
    if (longCalmAtMs <= nowMs) return this.#trim({ givesUpCode: true });
    const dueMs = this.#lastTrimMs + intervalMs;
    if (!this.#hasAsked && dueMs <= nowMs) {
      this.#hasAsked = true;
      if (this.#heap.takenBytes() - this.#trimmedBytes >= worthwhileBytes) this.#trim({ givesUpCode: false });
    }
    this.#wait((this.#hasAsked ? longCalmAtMs : dueMs) - nowMs);
  };

  #trim(options: TrimOptions): void {
    if (this.#heap.takenBytes() > largestBytes) return;
    this.#heap.trim(options);
    this.#lastTrimMs = performance.now();
    this.#trimmedBytes = this.#heap.takenBytes();
  }

  #setCalm(isCalm: boolean): void {
    if (isCalm === this.#isCalm) return;
    this.#isCalm = isCalm;
    this.#heap.letGrow(!isCalm);
  }
}
