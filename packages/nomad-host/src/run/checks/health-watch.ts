import { setTimeout as delay } from "node:timers/promises";

import type { CheckBoard } from "./check-board.ts";
import { judgeHealth } from "./judge-health.ts";
import type { PlannedCheck } from "./planned-check.ts";

/** As often as Nomad's check watcher looks. */
const lookIntervalMs = 1_000;

export interface HealthWatchOptions {
  /** Those without `restart` are left alone. */
  readonly checks: readonly PlannedCheck[];
  readonly board: CheckBoard;
  /** Starts the tasks again; afterwards all checks are watched anew. Must not reject. */
  readonly onUnhealthy: (check: PlannedCheck) => Promise<void>;
}

/** Watches checks that restart tasks, until it is disposed. */
export class HealthWatch implements AsyncDisposable {
  readonly #options: HealthWatchOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#running = options.checks.some(({ restart }) => restart !== undefined) ? this.#watch() : Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const check = await this.#waitUnhealthy();
      if (check !== undefined) await this.#options.onUnhealthy(check);
    }
  }

  /** The first check whose time is over; undefined when the watch is. */
  async #waitUnhealthy(): Promise<PlannedCheck | undefined> {
    const { checks, board } = this.#options;
    const watchedSinceMs = performance.now();
    const unhealthySince = new Map<PlannedCheck, number | undefined>();
    for (;;) {
      await delay(lookIntervalMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#closing.signal.aborted) return undefined;
      const nowMs = performance.now();
      for (const check of checks) {
        if (check.restart === undefined) continue;
        const look = { status: board.statusOf(check), unhealthySinceMs: unhealthySince.get(check), watchedSinceMs, nowMs };
        const { unhealthySinceMs, isRestartDue } = judgeHealth(check.restart, check.intervalMs, look);
        if (isRestartDue) return check;
        unhealthySince.set(check, unhealthySinceMs);
      }
    }
  }
}
