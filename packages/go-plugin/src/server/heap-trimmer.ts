import type { Heap } from "../process-heap.ts";

/** Time without a call before the plugin counts as calm. */
const calmMs = 2000;
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
  #timer: NodeJS.Timeout | undefined;
  #isCalm = false;
  #lastCallMs = 0;
  #lastTrimMs = -Infinity;
  #trimmedBytes = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** A call has begun or ended. Cheap: one timer serves all. */
  readonly noteCall = (): void => {
    this.#lastCallMs = performance.now();
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
    const nowMs = performance.now();
    const calmAtMs = this.#lastCallMs + calmMs;
    this.#setCalm(calmAtMs <= nowMs);
    const dueMs = Math.max(calmAtMs, this.#lastTrimMs + intervalMs);
    if (dueMs > nowMs) return this.#wait((this.#isCalm ? dueMs : calmAtMs) - nowMs);
    this.#timer = undefined;
    const takenBytes = this.#heap.takenBytes();
    if (takenBytes - this.#trimmedBytes < worthwhileBytes || takenBytes > largestBytes) return;
    this.#heap.trim();
    this.#lastTrimMs = performance.now();
    this.#trimmedBytes = this.#heap.takenBytes();
  };

  #setCalm(isCalm: boolean): void {
    if (isCalm === this.#isCalm) return;
    this.#isCalm = isCalm;
    this.#heap.letGrow(!isCalm);
  }
}
