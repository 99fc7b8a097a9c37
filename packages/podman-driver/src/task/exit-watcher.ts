import { setTimeout as sleep } from "node:timers/promises";
import type { WaitResult } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { BackOff } from "../back-off.ts";
import type { ExitRecord } from "../host/exit-directory.ts";
import { defaultExitTimings, type ExitTimings } from "./exit-timings.ts";
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

/**
 * Waits for the end of one container: hints wake it; conmon's record of the exit decides, or else Podman's inspect answer.
 * Settles once; rejects only with the signal's reason. An API error is never an exit, and no end that conmon has recorded waits
 * longer than `reasonMs` for an answer of Podman.
 */
export function waitForExit(options: ExitWatcherOptions, signal: AbortSignal): Promise<WaitResult> {
  return new Promise((resolve, reject) => new ExitWatch(options, signal, { resolve, reject }).begin());
}

type Settlers = Pick<PromiseWithResolvers<WaitResult>, "resolve" | "reject">;

/** There is one for each task, for as long as it runs: between two hints nothing of it waits. */
class ExitWatch {
  readonly #options: ExitWatcherOptions;
  readonly #timings: ExitTimings;
  readonly #caller: AbortSignal;
  readonly #settlers: Settlers;
  /** Of all that is under way; made when something is. */
  #stop: AbortController | undefined;
  /** Of a look at Podman that is under way, which ends when conmon's record comes. */
  #recorded: AbortController | undefined;
  #hints: HintWatch | undefined;
  #endOomWatch: (() => void) | undefined;
  /** Never rejects. */
  #net: Promise<void> | undefined;
  #isLooking = false;
  #hasEnded = false;
  /** Kept from the hint on: Podman's clean-up takes the file away within moments. */
  #record: ExitRecord | undefined;
  #hinted = false;
  #waitCode: number | undefined;
  #oomKills: number | undefined;
  #isCounterGone = false;
  #conmonLostAtMs: number | undefined;
  #unburiedSinceMs: number | undefined;
  #podmansWords = "";

  constructor(options: ExitWatcherOptions, caller: AbortSignal, settlers: Settlers) {
    this.#options = options;
    this.#timings = options.timings ?? defaultExitTimings;
    this.#caller = caller;
    this.#settlers = settlers;
  }

  begin(): void {
    if (this.#caller.aborted) return this.#settlers.reject(this.#caller.reason);
    this.#caller.addEventListener("abort", this, { once: true });
    const { sources } = this.#options;
    try {
      this.#endOomWatch = sources.watchOomKills((oomKills) => (this.#oomKills = oomKills));
      this.#hints = sources.watchHints(this.#hint);
      const { sight } = this.#hints;
      // No conmon to be seen: the container may have ended before anybody watched it, which Podman's wait is slow to tell.
      if (sight === "none") this.#hint();
      if (sight !== "whole") this.#net = this.#hangNet(sight);
    } catch (error) {
      void this.#end(() => this.#settlers.reject(error));
    }
  }

  /** The caller's signal has fired. */
  handleEvent(): void {
    void this.#end(() => this.#settlers.reject(this.#caller.reason));
  }

  get #signal(): AbortSignal {
    return (this.#stop ??= new AbortController()).signal;
  }

  /** Settles when nothing goes on any more. */
  async #end(settle: () => void): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#caller.removeEventListener("abort", this);
    this.#hints?.close();
    this.#endOomWatch?.();
    // Made here where nothing was under way: who asks for it later is not to begin anything.
    this.#stop ??= new AbortController();
    this.#stop.abort(this.#caller.aborted ? this.#caller.reason : new Error("the exit watch has ended"));
    await this.#net;
    settle();
  }

  /** The counter goes with the cgroup, so it is read before anything else. */
  readonly #hint = (): void => {
    const { sources } = this.#options;
    const oomKills = sources.readOomKills();
    this.#isCounterGone = oomKills === undefined;
    this.#oomKills = oomKills ?? this.#oomKills;
    this.#record ??= this.#toOwnRecord(sources.readExitRecord()) ?? this.#readUnburied();
    if (this.#record !== undefined) this.#recorded?.abort(new Error("conmon has told how the container ended"));
    else this.#isConmonAlive();
    this.#hinted = true;
    if (!this.#isLooking) void this.#lookWhileHinted();
  };

  /** Never rejects. */
  async #lookWhileHinted(): Promise<void> {
    this.#isLooking = true;
    try {
      // A hint may come before the watch for hints has begun.
      await undefined;
      while (this.#hinted && !this.#hasEnded) {
        this.#hinted = false;
        const result = await this.#look();
        if (result !== undefined) return await this.#end(() => this.#settlers.resolve(result));
      }
    } catch (error) {
      // After the end this is what the end has broken off.
      await this.#end(() => this.#settlers.reject(error));
    } finally {
      this.#isLooking = false;
    }
  }

  /** What conmon's record says, or else Podman, which is asked until it answers; undefined: the container has not ended. */
  async #look(): Promise<WaitResult | undefined> {
    if (this.#record !== undefined) return this.#concludeRecord(this.#record);
    const recorded = (this.#recorded = new AbortController());
    try {
      return await this.#askPodman(AbortSignal.any([this.#signal, recorded.signal]));
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
  #hangNet(sight: "partial" | "none"): Promise<void> {
    const { partialWaitMs, partialWaitDelayMs, bareWaitMs } = this.#timings;
    return sight === "partial" ? this.#followWait(partialWaitMs, partialWaitDelayMs) : this.#followWait(bareWaitMs, 0);
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
