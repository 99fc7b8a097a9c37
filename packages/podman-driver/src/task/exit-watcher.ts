import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import type { WaitResult } from "@driver/nomad-plugin";
import { judgeExit, type ExitEvidence, type ObservedState } from "./exit-verdict.ts";

/** How the watcher sees one container; the driver gives it Podman and the kernel. */
export interface ExitSources {
  /** Undefined: Podman knows no such container. Rejects when Podman cannot be asked. */
  inspect(signal: AbortSignal): Promise<ObservedState | undefined>;
  /** Settles with Podman's answer when it thinks the container has stopped. */
  wait(intervalMs: number, signal: AbortSignal): Promise<number>;
  /** Subscribes to hints that cost nothing; returns the way to end it. `armed` false: none are to be had. */
  watchHints(hint: () => void): { readonly armed: boolean; close(): void };
  isConmonAlive(): boolean;
  readOomKills(): number | undefined;
}

export interface ExitWatcherOptions {
  readonly sources: ExitSources;
  readonly startedAt: Date;
  readonly sameBoot: boolean;
  readonly memoryLimitBytes?: number | undefined;
  readonly logger: Logger;
}

/** With a hint at hand Podman's own wait is only the net below; each look costs the service some CPU. */
const armedWaitIntervalMs = 5000;
const bareWaitIntervalMs = 500;
const shortestRetryMs = 100;
const longestRetryMs = 5000;
/** conmon ends right after it wrote the exit code down; Podman is given this long to notice before the code counts as lost. */
const conmonGraceMs = 1500;

/**
 * Waits for the end of one container: hints wake it, Podman's inspect answer decides. Settles once; rejects only
 * with the signal's reason. An API error is never an exit.
 */
export async function waitForExit(options: ExitWatcherOptions, signal: AbortSignal): Promise<WaitResult> {
  const watch = new ExitWatch(options, signal);
  try {
    return await watch.run();
  } finally {
    watch.close();
  }
}

class ExitWatch {
  readonly #options: ExitWatcherOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #wake: (() => void) | undefined;
  #hinted = false;
  #waitCode: number | undefined;
  #oomKills: number | undefined;
  #conmonLostAtMs: number | undefined;

  constructor(options: ExitWatcherOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  async run(): Promise<WaitResult> {
    const { sources } = this.#options;
    const hints = sources.watchHints(this.#hint);
    const net = this.#followWait(hints.armed ? armedWaitIntervalMs : bareWaitIntervalMs);
    try {
      for (;;) {
        await this.#nextHint();
        this.#hinted = false;
        const result = await this.#look();
        if (result !== undefined) return result;
      }
    } finally {
      hints.close();
      this.close();
      await net;
    }
  }

  close(): void {
    this.#stop.abort(new Error("the exit watch has ended"));
  }

  /** The counter goes with the cgroup, so it is read before anything else. */
  readonly #hint = (): void => {
    this.#oomKills = this.#options.sources.readOomKills() ?? this.#oomKills;
    this.#hinted = true;
    this.#wake?.();
  };

  async #nextHint(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#hinted) return;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(this.#signal.reason as Error);
      this.#signal.addEventListener("abort", abort, { once: true });
      this.#wake = () => {
        this.#signal.removeEventListener("abort", abort);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Asks Podman until it answers; undefined: the container has not ended. */
  async #look(): Promise<WaitResult | undefined> {
    for (let retryMs = shortestRetryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      const state = await this.#inspect();
      if (state !== "no answer") {
        const conmonAlive = this.#isConmonAlive();
        const verdict = judgeExit(this.#evidence(state, conmonAlive));
        if (verdict.ended) return verdict.result;
        if (this.#conmonLostAtMs === undefined) return undefined;
      }
      await sleep(retryMs, undefined, { signal: this.#signal });
    }
  }

  async #inspect(): Promise<ObservedState | undefined | "no answer"> {
    try {
      return await this.#options.sources.inspect(this.#signal);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#options.logger.debug("container cannot be inspected; asking again", { error: String(error) });
      return "no answer";
    }
  }

  #isConmonAlive(): boolean {
    if (this.#options.sources.isConmonAlive()) {
      this.#conmonLostAtMs = undefined;
      return true;
    }
    this.#conmonLostAtMs ??= performance.now();
    return performance.now() - this.#conmonLostAtMs < conmonGraceMs;
  }

  #evidence(state: ObservedState | undefined, conmonAlive: boolean): ExitEvidence {
    const { startedAt, sameBoot, memoryLimitBytes } = this.#options;
    return { state, startedAt, sameBoot, conmonAlive, waitCode: this.#waitCode, oomKills: this.#oomKills, memoryLimitBytes };
  }

  async #followWait(intervalMs: number): Promise<void> {
    let retryMs = shortestRetryMs;
    while (!this.#signal.aborted) {
      try {
        this.#waitCode = await this.#options.sources.wait(intervalMs, this.#signal);
        this.#hint();
        // Podman may answer at once for a container that runs on (conmon lost): do not spin on it.
        retryMs = 1000;
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#options.logger.debug("wait for the container broke off; waiting again", { error: String(error) });
        // Whatever ended the wait may have ended the container as well.
        this.#hint();
      }
      await sleep(retryMs, undefined, { signal: this.#signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
  }
}
