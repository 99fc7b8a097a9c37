import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import type { WaitResult } from "@driver/nomad-plugin";
import type { ExitRecord } from "../host/exit-directory.ts";
import { isAfterStart, judgeExit, type ExitEvidence, type ObservedState } from "./exit-verdict.ts";

/** How the watcher sees one container; the driver gives it Podman and the kernel. */
export interface ExitSources {
  /** conmon's own record of the end; undefined: there is none, or none that can be read. */
  readExitRecord(): ExitRecord | undefined;
  /** Undefined: Podman knows no such container. Rejects when Podman cannot be asked. */
  inspect(signal: AbortSignal): Promise<ObservedState | undefined>;
  /** Settles with Podman's answer when it thinks the container has stopped. */
  wait(intervalMs: number, signal: AbortSignal): Promise<number>;
  /** Subscribes to hints that cost nothing. */
  watchHints(hint: () => void): HintWatch;
  isConmonAlive(): boolean;
  readOomKills(): number | undefined;
  /** OOM kills that the task had outlived when it was told to end; undefined: it was not. */
  survivedOomKills(): number | undefined;
  /** Whether the kernel's log tells of an OOM kill. Costs more than all the rest, and knows less than the counter. */
  hasOomRecord(): boolean;
}

export interface HintWatch {
  /**
   * `whole`: the container's process, its conmon and conmon's record are in sight, so that its end does not go unseen. `partial`:
   * conmon's exit folder is watched, and something else is not to be seen or not to be used. `none`: not even that.
   */
  readonly sight: "whole" | "partial" | "none";
  close(): void;
}

export interface ExitWatcherOptions {
  readonly sources: ExitSources;
  readonly startedAt: Date;
  readonly sameBoot: boolean;
  readonly memoryLimitBytes?: number | undefined;
  readonly logger: Logger;
  /** Default: `defaultExitTimings`. */
  readonly timings?: ExitTimings;
}

export interface ExitTimings {
  /** With hints in part Podman's own wait is the net below; each look costs the service some CPU. */
  readonly partialWaitMs: number;
  /** The net is hung up only then: many a task is over before, and many may be starting. */
  readonly partialWaitDelayMs: number;
  readonly bareWaitMs: number;
  /** Pauses between questions to a Podman that does not answer, doubled each time. */
  readonly shortestRetryMs: number;
  readonly longestRetryMs: number;
  /** Podman may answer a wait at once for a container that runs on (conmon lost): it is not asked again before. */
  readonly waitAgainMs: number;
  /** conmon ends right after it wrote the exit code down; Podman is given this long to notice before the code counts as lost. */
  readonly conmonGraceMs: number;
}

export const defaultExitTimings: ExitTimings = {
  partialWaitMs: 30_000,
  partialWaitDelayMs: 5000,
  bareWaitMs: 500,
  shortestRetryMs: 100,
  longestRetryMs: 5000,
  waitAgainMs: 1000,
  conmonGraceMs: 1500,
};

const sigKillCode = 128 + 9;

/**
 * Waits for the end of one container: hints wake it; conmon's record of the exit decides, or else Podman's inspect answer.
 * Settles once; rejects only with the signal's reason. An API error is never an exit.
 */
export async function waitForExit(options: ExitWatcherOptions, signal: AbortSignal): Promise<WaitResult> {
  const watch = new ExitWatch(options, signal);
  try {
    return await watch.run();
  } catch (error) {
    // A timer that is cut short rejects with an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    watch.close();
  }
}

class ExitWatch {
  readonly #options: ExitWatcherOptions;
  readonly #timings: ExitTimings;
  readonly #stop = new AbortController();
  /** Ends a look at Podman that is under way when conmon's record comes. */
  readonly #recorded = new AbortController();
  readonly #signal: AbortSignal;
  #recordedResult: WaitResult | undefined;
  #wake: (() => void) | undefined;
  #hinted = false;
  #waitCode: number | undefined;
  #oomKills: number | undefined;
  #isCounterGone = false;
  #conmonLostAtMs: number | undefined;

  constructor(options: ExitWatcherOptions, signal: AbortSignal) {
    this.#options = options;
    this.#timings = options.timings ?? defaultExitTimings;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  async run(): Promise<WaitResult> {
    this.#signal.throwIfAborted();
    const { sources } = this.#options;
    const hints = sources.watchHints(this.#hint);
    // No conmon to be seen: the container may have ended before anybody watched it, which Podman's wait is slow to tell.
    if (hints.sight === "none") this.#hint();
    const net = this.#hangNet(hints.sight);
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
    const oomKills = this.#options.sources.readOomKills();
    this.#isCounterGone = oomKills === undefined;
    this.#oomKills = oomKills ?? this.#oomKills;
    this.#recordedResult ??= this.#judgeRecord();
    if (this.#recordedResult !== undefined) this.#recorded.abort(new Error("conmon has told how the container ended"));
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

  /** What conmon's record says, or else Podman, which is asked until it answers; undefined: the container has not ended. */
  async #look(): Promise<WaitResult | undefined> {
    const either = AbortSignal.any([this.#signal, this.#recorded.signal]);
    try {
      const answered = this.#recordedResult === undefined ? await this.#askPodman(either) : undefined;
      return this.#recordedResult ?? answered;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (this.#recordedResult !== undefined) return this.#recordedResult;
      throw error;
    }
  }

  async #askPodman(signal: AbortSignal): Promise<WaitResult | undefined> {
    const { shortestRetryMs, longestRetryMs } = this.#timings;
    for (let retryMs = shortestRetryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      const state = await this.#inspect(signal);
      if (state !== "no answer") {
        const conmonAlive = this.#isConmonAlive();
        const evidence = this.#evidence(state, conmonAlive);
        const verdict = judgeExit(evidence);
        if (verdict.ended) return this.#withKernelLog(verdict.result, evidence);
        if (this.#conmonLostAtMs === undefined) return undefined;
      }
      await sleep(retryMs, undefined, { signal });
    }
  }

  /**
   * Read at every hint: the record is there for moments only before Podman's clean-up takes it away, and by then an answer of
   * Podman to an earlier hint may be waited for. It needs no answer of Podman, which is busy just now, or may hang.
   */
  #judgeRecord(): WaitResult | undefined {
    const record = this.#options.sources.readExitRecord();
    if (record === undefined) return undefined;
    const { exitCode, writtenAt: finishedAt } = record;
    const oomKilled = isAfterStart(record.oomMarkedAt, this.#options.startedAt);
    // Whether it was for want of memory, Podman may still know.
    if (exitCode !== 0 && this.#isCounterGone && !oomKilled) return undefined;
    const verdict = judgeExit(this.#evidence({ status: "exited", pid: 0, exitCode, oomKilled, error: "", finishedAt }, true));
    return verdict.ended && verdict.result.exitCode === exitCode ? verdict.result : undefined;
  }

  /**
   * A task killed by SIGKILL whose cgroup was gone before its OOM counter was read for the last time: the kernel may have
   * told why. The rule rather than the exception where systemd manages cgroups: it removes a scope as soon as it is empty.
   */
  #withKernelLog(result: WaitResult, evidence: ExitEvidence): WaitResult {
    if (result.exitCode !== sigKillCode || result.oomKilled || !this.#isCounterGone || !this.#options.sources.hasOomRecord()) return result;
    const verdict = judgeExit({ ...evidence, oomKills: 1 });
    return verdict.ended ? verdict.result : result;
  }

  async #inspect(signal: AbortSignal): Promise<ObservedState | undefined | "no answer"> {
    try {
      return await this.#options.sources.inspect(signal);
    } catch (error) {
      signal.throwIfAborted();
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
    return performance.now() - this.#conmonLostAtMs < this.#timings.conmonGraceMs;
  }

  #evidence(state: ObservedState | undefined, conmonAlive: boolean): ExitEvidence {
    const { startedAt, sameBoot, memoryLimitBytes } = this.#options;
    const survivedOomKills = this.#options.sources.survivedOomKills();
    return { state, startedAt, sameBoot, conmonAlive, waitCode: this.#waitCode, oomKills: this.#oomKills, survivedOomKills, memoryLimitBytes };
  }

  /** Podman's own wait, which has it look at the container again and again; nobody needs it who sees the processes themselves. */
  async #hangNet(sight: HintWatch["sight"]): Promise<void> {
    const { partialWaitMs, partialWaitDelayMs, bareWaitMs } = this.#timings;
    if (sight === "partial") await this.#followWait(partialWaitMs, partialWaitDelayMs);
    if (sight === "none") await this.#followWait(bareWaitMs, 0);
  }

  async #followWait(intervalMs: number, delayMs: number): Promise<void> {
    const { shortestRetryMs, longestRetryMs, waitAgainMs } = this.#timings;
    let retryMs = shortestRetryMs;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.#signal }).catch(() => undefined);
    while (!this.#signal.aborted) {
      try {
        this.#waitCode = await this.#options.sources.wait(intervalMs, this.#signal);
        this.#hint();
        retryMs = waitAgainMs;
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
