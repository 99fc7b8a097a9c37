import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger, WaitResult } from "@driver/nomad-plugin";
import type { ExitRecord } from "../host/exit-directory.ts";
import type { ObservedState } from "./exit-verdict.ts";
import { waitForExit, type ExitSources, type ExitTimings } from "./exit-watcher.ts";

const startedAt = new Date("2026-08-21T10:00:00.000Z");
const running: ObservedState = { status: "running", pid: 4711, exitCode: 0, oomKilled: false, error: "", startedAt };
const exited = (exitCode: number): ObservedState => ({ ...running, status: "exited", pid: 0, exitCode, finishedAt: new Date(startedAt.getTime() + 1000) });

const timings: ExitTimings = { armedWaitMs: 5000, armedWaitDelayMs: 0, bareWaitMs: 500, shortestRetryMs: 2, longestRetryMs: 8, waitAgainMs: 2, conmonGraceMs: 20 };

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => silent, with: () => silent };

/** A container as the test wants it seen. Counts what is open, so that a test can see what is left. */
class ScriptedContainer implements ExitSources {
  state: ObservedState | "unreachable" | undefined = running;
  record: ExitRecord | undefined;
  conmonAlive = true;
  oomKills: number | undefined = 0;
  survived: number | undefined;
  oomRecord = false;
  kernelLogReads = 0;
  armed = true;
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

  watchHints(hint: () => void): { readonly armed: boolean; close(): void } {
    this.hint = hint;
    this.openWatches += 1;
    return { armed: this.armed, close: () => (this.openWatches -= 1) };
  }

  isConmonAlive(): boolean {
    return this.conmonAlive;
  }

  readOomKills(): number | undefined {
    return this.oomKills;
  }

  survivedOomKills(): number | undefined {
    return this.survived;
  }

  hasOomRecord(): boolean {
    this.kernelLogReads += 1;
    return this.oomRecord;
  }

  /** Settles when Podman has been asked that often in all. */
  async untilInspected(times: number): Promise<void> {
    while (this.inspects < times) await sleep(1);
  }
}

function hang(signal: AbortSignal): Promise<number> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function watch(container: ScriptedContainer, options: { readonly sameBoot?: boolean; readonly signal?: AbortSignal } = {}): Promise<WaitResult> {
  const { sameBoot = true, signal = new AbortController().signal } = options;
  return waitForExit({ sources: container, startedAt, sameBoot, memoryLimitBytes: 1_048_576, logger: silent, timings }, signal);
}

function assertNothingOpen(container: ScriptedContainer): void {
  assert.deepEqual([container.openWaits, container.openWatches], [0, 0]);
}

test("believes Podman's inspect answer after a hint", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  container.state = exited(3);
  container.hint();
  assert.deepEqual(await result, { exitCode: 3, signal: 0, oomKilled: false });
  assertNothingOpen(container);
});

const recorded = (exitCode: number): ExitRecord => ({ exitCode, writtenAt: new Date(startedAt.getTime() + 1000), oomMarkedAt: undefined });

test("believes conmon's record, and does not ask Podman then", async () => {
  for (const exitCode of [0, 1, 143]) {
    const container = new ScriptedContainer();
    container.state = "unreachable";
    const result = watch(container);
    container.record = recorded(exitCode);
    container.hint();
    assert.deepEqual(await result, { exitCode, signal: exitCode === 143 ? 15 : 0, oomKilled: false });
    assert.equal(container.inspects, 0);
    assertNothingOpen(container);
  }
});

test("tells an OOM kill from conmon's record and the counter", async () => {
  const container = new ScriptedContainer();
  container.oomKills = 1;
  container.record = recorded(137);
  const result = watch(container);
  container.hint();
  assert.deepEqual(await result, { exitCode: 137, signal: 9, oomKilled: true, error: "OOM killed: the task went over its memory limit of 1 MiB" });
});

test("believes conmon's mark of an OOM kill when the counter went away too soon", async () => {
  const container = new ScriptedContainer();
  container.oomKills = undefined;
  container.state = "unreachable";
  container.record = { ...recorded(5), oomMarkedAt: new Date(startedAt.getTime() + 500) };
  const result = watch(container);
  container.hint();
  assert.deepEqual([(await result).exitCode, (await result).oomKilled, container.inspects], [5, true, 0]);
});

test("asks Podman why a task failed when neither the counter nor conmon's mark tells", async () => {
  for (const exitCode of [5, 137]) {
    const container = new ScriptedContainer();
    container.oomKills = undefined;
    container.record = recorded(exitCode);
    container.state = { ...exited(exitCode), oomKilled: true };
    const result = watch(container);
    container.hint();
    assert.deepEqual([(await result).exitCode, (await result).oomKilled, container.inspects], [exitCode, true, 1]);
  }
});

test("takes no mark of an earlier run's OOM kill", async () => {
  const container = new ScriptedContainer();
  container.record = { ...recorded(1), oomMarkedAt: new Date(startedAt.getTime() - 60_000) };
  const result = watch(container);
  container.hint();
  assert.deepEqual(await result, { exitCode: 1, signal: 0, oomKilled: false });
});

test("sees the end while Podman refuses or owes an answer to an earlier question", async () => {
  for (const isFrozen of [false, true]) {
    const container = new ScriptedContainer();
    container.state = "unreachable";
    container.isFrozen = isFrozen;
    const result = watch(container);
    container.hint();
    await container.untilInspected(1);
    container.record = recorded(3);
    container.hint();
    assert.deepEqual(await result, { exitCode: 3, signal: 0, oomKilled: false });
    assertNothingOpen(container);
  }
});

test("keeps a record that Podman's clean-up takes away before it answers", async () => {
  const container = new ScriptedContainer();
  container.state = "unreachable";
  const result = watch(container);
  container.hint();
  await container.untilInspected(1);
  container.record = recorded(0);
  container.hint();
  container.record = undefined;
  assert.equal((await result).exitCode, 0);
});

test("asks nobody why a task succeeded", async () => {
  const container = new ScriptedContainer();
  container.oomKills = undefined;
  container.state = "unreachable";
  container.record = recorded(0);
  const result = watch(container);
  container.hint();
  assert.equal((await result).exitCode, 0);
});

test("takes no record of an earlier run of the container", async () => {
  const container = new ScriptedContainer();
  container.record = { exitCode: 0, writtenAt: new Date(startedAt.getTime() - 60_000), oomMarkedAt: undefined };
  const result = watch(container);
  container.hint();
  await container.untilInspected(1);
  container.state = exited(7);
  container.hint();
  assert.equal((await result).exitCode, 7);
});

test("looks at once for an end that came before any hint could be had", async () => {
  const container = new ScriptedContainer();
  container.armed = false;
  container.state = exited(5);
  assert.equal((await watch(container)).exitCode, 5);
  assert.equal(container.inspects, 1);
  assertNothingOpen(container);
});

test("goes on after hints that mean nothing", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  for (let times = 1; times <= 5; times += 1) {
    container.hint();
    await container.untilInspected(times);
  }
  container.state = exited(4);
  container.hint();
  assert.equal((await result).exitCode, 4);
});

test("looks again when a hint comes while it looks", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  container.hint();
  await container.untilInspected(1);
  container.state = exited(5);
  container.hint();
  assert.equal((await result).exitCode, 5);
});

test("takes no wait that answers 0 at once for the end of a container that runs", async () => {
  const container = new ScriptedContainer();
  container.answerWait = () => Promise.resolve(0);
  const result = watch(container);
  await container.untilInspected(5);
  container.state = exited(6);
  assert.equal((await result).exitCode, 6);
  assertNothingOpen(container);
});

test("finds the end without any hint, by Podman's wait", async () => {
  const container = new ScriptedContainer();
  let answer: (code: number) => void = () => undefined;
  container.answerWait = (signal) =>
    new Promise((resolve, reject) => {
      answer = resolve;
      // Podman is asked once more when the answer to inspect takes longer than the pause.
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  const result = watch(container);
  container.state = exited(7);
  answer(7);
  assert.equal((await result).exitCode, 7);
});

test("has Podman look seldom where hints are to be had, and often where not", async () => {
  const armed = new ScriptedContainer();
  const bare = new ScriptedContainer();
  bare.armed = false;
  for (const container of [armed, bare]) {
    const result = watch(container);
    container.state = exited(0);
    container.hint();
    await result;
  }
  assert.deepEqual([armed.waitIntervals, bare.waitIntervals], [[5000], [500]]);
});

test("asks on while Podman does not answer, and reports the true code then", async () => {
  const container = new ScriptedContainer();
  container.state = "unreachable";
  container.answerWait = () => Promise.reject(new Error("connection lost"));
  const result = watch(container);
  await container.untilInspected(6);
  container.state = exited(8);
  assert.equal((await result).exitCode, 8);
  assertNothingOpen(container);
});

test("takes an error of Podman's wait for no end", async () => {
  const container = new ScriptedContainer();
  container.answerWait = () => Promise.reject(new Error("500"));
  const result = watch(container);
  await container.untilInspected(6);
  container.answerWait = hang;
  container.state = exited(9);
  container.hint();
  assert.equal((await result).exitCode, 9);
});

test("fails with an unknown code when conmon is gone for good", async () => {
  const container = new ScriptedContainer();
  container.conmonAlive = false;
  const result = watch(container);
  const hintedMs = performance.now();
  container.hint();
  assert.match((await result).error ?? "", /exit code unknown: conmon/);
  assert.ok(performance.now() - hintedMs >= timings.conmonGraceMs - 1);
  assertNothingOpen(container);
});

test("gives Podman time to notice the end that conmon has written down", async () => {
  const container = new ScriptedContainer();
  container.conmonAlive = false;
  const result = watch(container);
  container.hint();
  await container.untilInspected(1);
  container.state = exited(10);
  assert.equal((await result).exitCode, 10);
});

test("counts no silence of Podman against a conmon that has ended", async () => {
  const container = new ScriptedContainer();
  container.conmonAlive = false;
  container.state = "unreachable";
  const result = watch(container);
  container.hint();
  await sleep(2 * timings.conmonGraceMs);
  container.state = exited(11);
  assert.equal((await result).exitCode, 11);
});

test("reads the OOM counter at the hint, before the cgroup goes", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  container.oomKills = 1;
  container.hint();
  container.oomKills = undefined;
  await container.untilInspected(1);
  container.state = exited(137);
  container.hint();
  assert.deepEqual(await result, { exitCode: 137, signal: 9, oomKilled: true, error: "OOM killed: the task went over its memory limit of 1 MiB" });
});

test("asks the kernel's log only where a killed task's counter was gone before it was read", async () => {
  const cases = [
    { exitCode: 137, oomKills: undefined, oomRecord: true, oomKilled: true, reads: 1 },
    { exitCode: 137, oomKills: undefined, oomRecord: false, oomKilled: false, reads: 1 },
    { exitCode: 137, oomKills: 0, oomRecord: true, oomKilled: false, reads: 0 },
    { exitCode: 1, oomKills: undefined, oomRecord: true, oomKilled: false, reads: 0 },
  ];
  for (const { exitCode, oomKills, oomRecord, oomKilled, reads } of cases) {
    const container = new ScriptedContainer();
    Object.assign(container, { oomKills, oomRecord, state: exited(exitCode) });
    const result = watch(container);
    container.hint();
    assert.equal((await result).oomKilled, oomKilled);
    assert.equal(container.kernelLogReads, reads);
  }
});

test("asks the kernel's log also where an earlier hint found nothing in the counter", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  container.hint();
  await container.untilInspected(1);
  Object.assign(container, { oomKills: undefined, oomRecord: true, state: exited(137) });
  container.hint();
  assert.equal((await result).oomKilled, true);
});

test("blames no OOM kill that the task had outlived when it was stopped", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  container.oomKills = 1;
  container.hint();
  await container.untilInspected(1);
  Object.assign(container, { oomKills: undefined, survived: 1, oomRecord: true, state: { ...exited(137), oomKilled: true } });
  container.hint();
  assert.deepEqual(await result, { exitCode: 137, signal: 9, oomKilled: false });
});

test("reports a removed container by the code that Podman's wait gave", async () => {
  const container = new ScriptedContainer();
  container.state = undefined;
  container.answerWait = () => Promise.resolve(12);
  assert.equal((await watch(container)).exitCode, 12);
});

test("never reports success for a container that a reboot has reset", async () => {
  const container = new ScriptedContainer();
  container.state = { ...running, status: "created", pid: 0 };
  container.answerWait = () => Promise.resolve(0);
  assert.match((await watch(container, { sameBoot: false })).error ?? "", /rebooted/);
});

for (const moment of ["while it waits for a hint", "while it asks", "between two questions"]) {
  test(`ends with the caller's reason and leaves nothing running: ${moment}`, async () => {
    const container = new ScriptedContainer();
    const reason = new Error("let go");
    const stop = new AbortController();
    const result = watch(container, { signal: stop.signal });
    if (moment === "between two questions") container.state = "unreachable";
    if (moment !== "while it waits for a hint") {
      container.hint();
      await container.untilInspected(moment === "while it asks" ? 1 : 3);
    }
    stop.abort(reason);
    await assert.rejects(result, (error) => error === reason);
    assertNothingOpen(container);
    const { inspects } = container;
    await sleep(20);
    assert.equal(container.inspects, inspects);
  });
}

test("asks nothing when it is over before it begins", async () => {
  const container = new ScriptedContainer();
  await assert.rejects(watch(container, { signal: AbortSignal.abort(new Error("over")) }), /over/);
  assert.equal(container.inspects, 0);
  assertNothingOpen(container);
});
