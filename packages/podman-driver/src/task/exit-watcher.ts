import { setTimeout as sleep } from "node:timers/promises";
import type { WaitResult } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { ExitRecord } from "../host/exit-directory.ts";
import { hasStopped, isAfterStart, judgeExit, loseSilentExit, type ExitEvidence, type ObservedState } from "./exit-verdict.ts";

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
  /**
   * Calls `note` with each new value of the counter that `readOomKills` reads, where the kernel tells of it. Returns the way to
   * end that.
   */
  watchOomKills(note: (oomKills: number) => void): () => void;
  isConmonAlive(): boolean;
  /** True: the container's process was known and has ended. False where it is not known. */
  isMainGone(): boolean;
  /** True: it is known and lives. */
  isMainAlive(): boolean;
  /** The code of a main process that has ended and that conmon does not bury, as when somebody has stopped conmon. */
  readUnburiedCode(): number | undefined;
  /** Whether somebody ends the task, who waits for its end. */
  isBeingEnded(): boolean;
  readOomKills(): number | undefined;
  /** True: none has come since `watchOomKills`, nor one before; the kernel may tell that also of a cgroup that is gone. */
  isWithoutOomKill(): boolean;
  /** OOM kills that the task had outlived when it was told to end; undefined: it was not. */
  survivedOomKills(): number | undefined;
  /** Whether the kernel's log tells of an OOM kill. Costs more than all the rest, and knows less than the counter. */
  hasOomRecord(): Promise<boolean>;
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
  /** Told of each look at the container that Podman did not answer, and of each that it did. */
  readonly looks: Outcomes;
  /** The same for its wait. */
  readonly waits: Outcomes;
  /** Default: `defaultExitTimings`. */
  readonly timings?: ExitTimings;
}

export interface Outcomes {
  failed(error: unknown): void;
  succeeded(): void;
}

export interface ExitTimings {
  /** With hints in part Podman's own wait is the net below; each look costs the service some CPU. */
  readonly partialWaitMs: number;
  /** The net is hung up only then: many a task is over before, and many may be starting. */
  readonly partialWaitDelayMs: number;
  readonly bareWaitMs: number;
  /** Longest wait for one answer about a container. */
  readonly lookMs: number;
  /** Pauses between questions to a Podman that does not answer. */
  readonly retries: BackOffLimits;
  /** Podman may answer a wait at once for a container that runs on (conmon lost): it is not asked again before. */
  readonly waitAgainMs: number;
  /** conmon ends right after it wrote the exit code down; Podman is given this long to notice before the code counts as lost. */
  readonly conmonGraceMs: number;
  /**
   * A Podman that does not answer is asked this long when conmon and the container's process are both gone, and conmon's record
   * with them. The clean-up that conmon starts needs no service, and may have told the code to Podman, where it is
   * safe. An answer can take as long as a slow disk or a prune holds the container's lock, or an upgrade the service. To wait
   * costs little, since without Podman nobody could start the task anew, and a wrong -1 has a batch job run again
   * that had succeeded. For ever is too long: Nomad would show a dead task as running.
   */
  readonly lostGraceMs: number;
  /** conmon takes no note of the end for so long: it hangs. The kernel's word counts then, though output may be on its way. */
  readonly unburiedMs: number;
  /** The same where somebody waits for it who ends the task. */
  readonly unburiedStopMs: number;
  /** The code is known, and Podman may know whether memory was the reason: so long it is asked. */
  readonly reasonMs: number;
}

export const defaultExitTimings: ExitTimings = {
  partialWaitMs: 30_000,
  partialWaitDelayMs: 5000,
  bareWaitMs: 500,
  lookMs: 10_000,
  retries: { shortestMs: 100, longestMs: 5000 },
  waitAgainMs: 1000,
  conmonGraceMs: 1500,
  lostGraceMs: 60_000,
  unburiedMs: 10_000,
  unburiedStopMs: 2000,
  reasonMs: 800,
};

/**
 * Waits for the end of one container: hints wake it; conmon's record of the exit decides, or else Podman's inspect answer.
 * Settles once; rejects only with the signal's reason. An API error is never an exit, and no end that conmon has recorded waits
 * longer than `reasonMs` for an answer of Podman.
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
  /** Kept from the hint on: Podman's clean-up takes the file away within moments. */
  #record: ExitRecord | undefined;
  #wake: (() => void) | undefined;
  #hinted = false;
  #waitCode: number | undefined;
  #oomKills: number | undefined;
  #isCounterGone = false;
  #conmonLostAtMs: number | undefined;
  #unburiedSinceMs: number | undefined;
  #podmansWords = "";

  constructor(options: ExitWatcherOptions, signal: AbortSignal) {
    this.#options = options;
    this.#timings = options.timings ?? defaultExitTimings;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  async run(): Promise<WaitResult> {
    this.#signal.throwIfAborted();
    const { sources } = this.#options;
    const endOomWatch = sources.watchOomKills((oomKills) => (this.#oomKills = oomKills));
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
      endOomWatch();
      this.close();
      await net;
    }
  }

  close(): void {
    this.#stop.abort(new Error("the exit watch has ended"));
  }

  /** The counter goes with the cgroup, so it is read before anything else. */
  readonly #hint = (): void => {
    const { sources } = this.#options;
    const oomKills = sources.readOomKills();
    this.#isCounterGone = oomKills === undefined;
    this.#oomKills = oomKills ?? this.#oomKills;
    this.#record ??= this.#toOwnRecord(sources.readExitRecord()) ?? this.#readUnburied();
    if (this.#record !== undefined) this.#recorded.abort(new Error("conmon has told how the container ended"));
    else this.#isConmonAlive();
    this.#hinted = true;
    this.#wake?.();
  };

  async #nextHint(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#hinted) return;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(this.#signal.reason);
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
    if (this.#record !== undefined) return this.#concludeRecord(this.#record);
    try {
      return await this.#askPodman(AbortSignal.any([this.#signal, this.#recorded.signal]));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (this.#record === undefined) throw error;
      return this.#concludeRecord(this.#record);
    }
  }

  async #askPodman(signal: AbortSignal): Promise<WaitResult | undefined> {
    for (const backOff = new BackOff(this.#timings.retries); ; await backOff.pause(signal)) {
      const state = await this.#inspect(signal);
      if (state !== "no answer") {
        const conmonAlive = this.#isConmonAlive();
        const evidence = this.#evidence(state, { conmonAlive, mainAlive: this.#options.sources.isMainAlive() });
        const verdict = judgeExit(evidence);
        if (verdict.ended) return this.#withKernelLog(verdict.result, evidence);
        if (this.#conmonLostAtMs === undefined) return undefined;
      } else if (this.#isLost()) {
        return loseSilentExit(this.#timings.lostGraceMs, this.#podmansWords);
      }
    }
  }

  /**
   * conmon's word counts, and needs no answer of Podman, which is busy just now, or may hang. Only whether a task failed for want
   * of memory may be known elsewhere, when its cgroup was gone before the counter was read for the last time: the rule rather than
   * the exception where systemd manages cgroups, which removes a scope as soon as it is empty. The group above it then tells at once
   * that there was no kill; whose one was is asked for.
   */
  async #concludeRecord(record: ExitRecord): Promise<WaitResult | undefined> {
    const oomKilled = this.#isOwnMark(record);
    const evidence = this.#evidence(toState(record, oomKilled), byConmon);
    const verdict = judgeExit(evidence);
    if (!verdict.ended) return undefined;
    const isSettled = record.exitCode === 0 || verdict.result.oomKilled || !this.#isCounterGone;
    if (isSettled || (evidence.survivedOomKills ?? 0) > 0 || this.#options.sources.isWithoutOomKill()) return verdict.result;
    const isForMemory = (await this.#options.sources.hasOomRecord()) || (await this.#asksPodmanWhy());
    this.#signal.throwIfAborted();
    return isForMemory ? withOomKill(evidence, verdict.result) : verdict.result;
  }

  /**
   * Whether conmon has marked an OOM kill in this run. A record from before its start shows a clock that was set back: the mark goes
   * by that.
   */
  #isOwnMark({ oomMarkedAt, writtenAt }: ExitRecord): boolean {
    const { startedAt } = this.#options;
    if (isAfterStart(oomMarkedAt, startedAt)) return true;
    return !isAfterStart(writtenAt, startedAt) && isAfterStart(oomMarkedAt, writtenAt);
  }

  /** Podman's flag, which it takes from a mark of conmon's; false when it does not answer in time. */
  async #asksPodmanWhy(): Promise<boolean> {
    const { reasonMs, retries } = this.#timings;
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(reasonMs)]);
    try {
      for (;;) {
        const state = await this.#inspect(signal);
        // Until its clean-up has seen the end Podman says that the container runs, and the flag means nothing.
        if (state === undefined || (state !== "no answer" && hasStopped(state))) return state?.oomKilled === true;
        await sleep(retries.shortestMs, undefined, { signal });
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!signal.aborted) throw error;
      return false;
    }
  }

  /** A record of an earlier boot may be another run's. Only what judges as an end of this one is kept. */
  #toOwnRecord(record: ExitRecord | undefined): ExitRecord | undefined {
    if (record === undefined) return undefined;
    const verdict = judgeExit(this.#evidence(toState(record, false), byConmon));
    return verdict.ended && verdict.result.exitCode === record.exitCode ? record : undefined;
  }

  /** In the place of conmon's record, where that does not come: conmon was stopped, or hangs. */
  #readUnburied(): ExitRecord | undefined {
    const { sources } = this.#options;
    const exitCode = sources.readUnburiedCode();
    if (exitCode === undefined) {
      this.#unburiedSinceMs = undefined;
      return undefined;
    }
    this.#unburiedSinceMs ??= performance.now();
    const patienceMs = sources.isBeingEnded() ? this.#timings.unburiedStopMs : this.#timings.unburiedMs;
    return performance.now() - this.#unburiedSinceMs < patienceMs ? undefined : { exitCode, writtenAt: new Date(), oomMarkedAt: undefined };
  }

  async #withKernelLog(result: WaitResult, evidence: ExitEvidence): Promise<WaitResult> {
    const { sources } = this.#options;
    if (result.exitCode <= 0 || result.oomKilled || !this.#isCounterGone || !(await sources.hasOomRecord())) return result;
    return withOomKill(evidence, result);
  }

  async #inspect(signal: AbortSignal): Promise<ObservedState | undefined | "no answer"> {
    const { sources, looks } = this.#options;
    const deadline = AbortSignal.timeout(this.#timings.lookMs);
    try {
      const state = await sources.inspect(AbortSignal.any([signal, deadline]));
      looks.succeeded();
      return state;
    } catch (error) {
      signal.throwIfAborted();
      looks.failed(error);
      this.#podmansWords = deadline.aborted ? "" : messageOf(error);
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

  /** Nobody is left but Podman who could tell the code, and its clean-up, which needs no service, has had its time. */
  #isLost(): boolean {
    const conmonAlive = this.#isConmonAlive();
    if (conmonAlive || this.#conmonLostAtMs === undefined || !this.#options.sources.isMainGone()) return false;
    return performance.now() - this.#conmonLostAtMs >= this.#timings.lostGraceMs;
  }

  #evidence(state: ObservedState | undefined, { conmonAlive, mainAlive }: Pick<ExitEvidence, "conmonAlive" | "mainAlive">): ExitEvidence {
    const { startedAt, sameBoot, memoryLimitBytes } = this.#options;
    const survivedOomKills = this.#options.sources.survivedOomKills();
    return {
      state,
      startedAt,
      sameBoot,
      conmonAlive,
      mainAlive,
      waitCode: this.#waitCode,
      oomKills: this.#oomKills,
      survivedOomKills,
      memoryLimitBytes,
    };
  }

  /** Podman's own wait, which has it look at the container again and again; nobody needs it who sees the processes themselves. */
  async #hangNet(sight: HintWatch["sight"]): Promise<void> {
    const { partialWaitMs, partialWaitDelayMs, bareWaitMs } = this.#timings;
    if (sight === "partial") await this.#followWait(partialWaitMs, partialWaitDelayMs);
    if (sight === "none") await this.#followWait(bareWaitMs, 0);
  }

  async #followWait(intervalMs: number, delayMs: number): Promise<void> {
    const backOff = new BackOff(this.#timings.retries);
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.#signal }).catch(() => undefined);
    while (!this.#signal.aborted) {
      try {
        this.#waitCode = await this.#options.sources.wait(intervalMs, this.#signal);
        this.#options.waits.succeeded();
        this.#hint();
        backOff.reset(this.#timings.waitAgainMs);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#options.waits.failed(error);
        // Whatever ended the wait may have ended the container as well.
        this.#hint();
      }
      await backOff.pause(this.#signal).catch(() => undefined);
    }
  }
}

/** conmon writes its record when it has buried the main process. */
const byConmon = { conmonAlive: true, mainAlive: false } as const;

function toState({ exitCode, writtenAt: finishedAt }: ExitRecord, oomKilled: boolean): ObservedState {
  return { status: "exited", pid: 0, exitCode, oomKilled, error: "", finishedAt };
}

/** The same end, now that somebody has told of an OOM kill: the one that the task had outlived, if it had outlived one. */
function withOomKill(evidence: ExitEvidence, otherwise: WaitResult): WaitResult {
  const verdict = judgeExit({ ...evidence, oomKills: 1 });
  return verdict.ended ? verdict.result : otherwise;
}
