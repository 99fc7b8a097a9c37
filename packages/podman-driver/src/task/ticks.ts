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

/** Wakes all whose beat has come in one go: a timer for each of them costs more than what they do then. */
class Metronome {
  readonly #beating = new Set<Ticks>();
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  add(ticks: Ticks): void {
    this.#beating.add(ticks);
    this.#wakeAt(ticks.nextMs);
  }

  delete(ticks: Ticks): void {
    this.#beating.delete(ticks);
    if (this.#beating.size > 0) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(this.#beat, toTimerMs(atMs - performance.now()));
  }

  readonly #beat = (): void => {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    // A timer may come a part of a millisecond early.
    const nowMs = performance.now() + 1;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const ticks of this.#beating) nextMs = Math.min(nextMs, ticks.nextMs < nowMs ? ticks.beat() : ticks.nextMs);
    if (this.#beating.size > 0) this.#wakeAt(nextMs);
  };
}

const metronome = new Metronome();

/** Calls `onBeat` at each beat; beats that come while the process is held up are left out. No promise: what waits is one object. */
export class Ticks {
  readonly #intervalMs: number;
  readonly #onBeat: () => void;
  #nextMs: number;

  /** @param intervalMs at least `gridMs` */
  constructor(intervalMs: number, onBeat: () => void) {
    const nowMs = performance.now();
    this.#intervalMs = intervalMs;
    this.#onBeat = onBeat;
    this.#nextMs = nextBeatMs(nowMs, intervalMs, nowMs);
    metronome.add(this);
  }

  /** When the next beat is due, on the process's clock. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** The beat has come: for the metronome alone. Returns when the next one is due. */
  beat(): number {
    this.#nextMs = nextBeatMs(this.#nextMs, this.#intervalMs, performance.now());
    this.#onBeat();
    return this.#nextMs;
  }

  close(): void {
    metronome.delete(this);
  }
}
