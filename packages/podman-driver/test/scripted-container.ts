// For the tests of the exit watcher: a container that does what a test says.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { WaitResult } from "@driver/nomad-plugin";
import type { ExitRecord } from "../src/host/exit-directory.ts";
import type { ObservedState } from "../src/task/exit-verdict.ts";
import type { ExitTimings } from "../src/task/exit-timings.ts";
import { waitForExit, type ExitSources, type HintWatch, type Outcomes } from "../src/task/exit-watcher.ts";

export const startedAt = new Date("2026-08-21T10:00:00.000Z");
export const running: ObservedState = { status: "running", pid: 4711, exitCode: 0, oomKilled: false, error: "", startedAt };
export const exited = (exitCode: number): ObservedState => ({
  ...running,
  status: "exited",
  pid: 0,
  exitCode,
  finishedAt: new Date(startedAt.getTime() + 1000),
});

export const timings: ExitTimings = {
  partialWaitMs: 5000,
  partialWaitDelayMs: 0,
  bareWaitMs: 500,
  retries: { shortestMs: 2, longestMs: 8 },
  waitAgainMs: 2,
  conmonGraceMs: 20,
  lookMs: 40,
  lostGraceMs: 60,
  unburiedMs: 120,
  unburiedStopMs: 30,
  reasonMs: 40,
};

const silent: Outcomes = { failed() {}, succeeded() {} };

/** A container as the test wants it seen. Counts what is open, so that a test can see what is left. */
export class ScriptedContainer implements ExitSources {
  state: ObservedState | "unreachable" | undefined = running;
  record: ExitRecord | undefined;
  conmonAlive = true;
  mainGone = false;
  mainAlive = false;
  unburiedCode: number | undefined;
  beingEnded = false;
  openOomWatches = 0;
  noteOomKills: (oomKills: number) => void = () => assert.fail("nobody watches the OOM counter");
  oomKills: number | undefined = 0;
  withoutOomKill = false;
  survived: number | undefined;
  oomRecord = false;
  kernelLogReads = 0;
  sight: HintWatch["sight"] = "partial";
  /** An inspect is not answered at all. */
  isFrozen = false;
  inspects = 0;
  openWaits = 0;
  openWatches = 0;
  readonly waitIntervals: number[] = [];
  answerWait: (signal: AbortSignal) => Promise<number> = hang;
  hint: () => void = () => assert.fail("nobody watches for hints");

  readExitRecord(): ExitRecord | undefined {
    return this.record;
  }

  async inspect(signal: AbortSignal): Promise<ObservedState | undefined> {
    signal.throwIfAborted();
    this.inspects += 1;
    await sleep(this.isFrozen ? 60_000 : 0, undefined, { signal });
    if (this.state === "unreachable") throw new Error("Podman does not answer");
    return this.state;
  }

  async wait(intervalMs: number, signal: AbortSignal): Promise<number> {
    this.waitIntervals.push(intervalMs);
    this.openWaits += 1;
    try {
      return await this.answerWait(signal);
    } finally {
      this.openWaits -= 1;
    }
  }

  watchHints(hint: () => void): HintWatch {
    this.hint = hint;
    this.openWatches += 1;
    return { sight: this.sight, close: () => (this.openWatches -= 1) };
  }

  isConmonAlive(): boolean {
    return this.conmonAlive;
  }

  readOomKills(): number | undefined {
    return this.oomKills;
  }

  isWithoutOomKill(): boolean {
    return this.withoutOomKill;
  }

  survivedOomKills(): number | undefined {
    return this.survived;
  }

  async hasOomRecord(): Promise<boolean> {
    this.kernelLogReads += 1;
    return this.oomRecord;
  }

  isMainAlive(): boolean {
    return this.mainAlive;
  }

  readUnburiedCode(): number | undefined {
    return this.unburiedCode;
  }

  isBeingEnded(): boolean {
    return this.beingEnded;
  }

  isMainGone(): boolean {
    return this.mainGone;
  }

  watchOomKills(note: (oomKills: number) => void): () => void {
    this.noteOomKills = note;
    this.openOomWatches += 1;
    return () => (this.openOomWatches -= 1);
  }

  /** Ends after Podman has been asked in vain, and tells of it. */
  async endAfterLook(exitCode: number): Promise<void> {
    this.hint();
    await this.untilInspected(1);
    this.state = exited(exitCode);
    this.hint();
  }

  /** Settles when Podman has been asked that often in all. */
  async untilInspected(times: number): Promise<void> {
    while (this.inspects < times) await sleep(1);
  }
}

export function hang(signal: AbortSignal): Promise<number> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

export function watch(
  container: ScriptedContainer,
  options: { readonly sameBoot?: boolean; readonly signal?: AbortSignal } & Partial<Pick<ExitTimings, "lostGraceMs" | "reasonMs">> = {},
): Promise<WaitResult> {
  const { sameBoot = true, signal = new AbortController().signal, ...own } = options;
  return waitForExit(
    {
      sources: container,
      startedAt,
      sameBoot,
      memoryLimitBytes: 1_048_576,
      looks: silent,
      waits: silent,
      timings: { ...timings, ...own },
    },
    signal,
  );
}

export function assertNothingOpen(container: ScriptedContainer): void {
  assert.deepEqual([container.openWaits, container.openWatches, container.openOomWatches], [0, 0, 0]);
}
