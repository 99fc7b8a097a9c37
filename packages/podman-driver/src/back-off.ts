import { setTimeout as sleep } from "node:timers/promises";

export interface BackOffLimits {
  readonly shortestMs: number;
  readonly longestMs: number;
}

/** Pauses between tries that double from the shortest to the longest. */
export class BackOff {
  readonly #limits: BackOffLimits;
  #nextMs: number;

  constructor(limits: BackOffLimits) {
    this.#limits = limits;
    this.#nextMs = limits.shortestMs;
  }

  /** How long the next pause is. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Something has worked: the next pause is short again, or, where `toMs` says so, that long. */
  reset(toMs = this.#limits.shortestMs): void {
    this.#nextMs = toMs;
  }

  /** Settles after the pause. Rejects with the signal's reason. `holdsProcess` false: the process may end meanwhile. */
  async pause(signal: AbortSignal, { holdsProcess = true }: { readonly holdsProcess?: boolean } = {}): Promise<void> {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(2 * pauseMs, this.#limits.longestMs);
    await sleep(pauseMs, undefined, { signal, ref: holdsProcess }).catch(() => signal.throwIfAborted());
  }
}
