import { setTimeout as delay } from "node:timers/promises";

import { toTimerMs } from "@driver/std";

import type { CheckBoard } from "./check-board.ts";
import type { CheckFinding, PlannedCheck } from "./planned-check.ts";

export interface CheckLoopsOptions {
  readonly checks: readonly PlannedCheck[];
  readonly board: CheckBoard;
  /** Looks once; rejects when `signal` fires, and only then. */
  readonly probe: (check: PlannedCheck, signal: AbortSignal) => Promise<CheckFinding>;
  /** From 0 to below 1: spreads the first looks of checks that Consul would run. */
  readonly random: () => number;
}

/** Runs checks, each at its interval, until it is disposed. */
export class CheckLoops implements AsyncDisposable {
  readonly #options: CheckLoopsOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: CheckLoopsOptions) {
    this.#options = options;
    this.#running = Promise.all(options.checks.map((check) => this.#loop(check)));
  }

  /** Finds nothing more from now on, also with a look that is under way. */
  end(): void {
    this.#closing.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.#running;
  }

  async #loop(check: PlannedCheck): Promise<void> {
    const { board, probe, random } = this.#options;
    const { signal } = this.#closing;
    try {
      for (let waitMs = firstWaitMs(check, random()); ; ) {
        await delay(toTimerMs(waitMs), undefined, { signal });
        const startedMs = performance.now();
        await board.note(check, await probe(check, signal));
        // The interval of a script goes from start to start, that of others from end to start.
        waitMs = check.type === "script" ? Math.max(0, startedMs + check.intervalMs - performance.now()) : check.intervalMs;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** `nomad`: half the interval; a script at once. `consul`: somewhere in the interval. */
function firstWaitMs({ type, provider, intervalMs }: PlannedCheck, random: number): number {
  if (type === "script") return 0;
  return provider === "nomad" ? intervalMs / 2 : random * intervalMs;
}
