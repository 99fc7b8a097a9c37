import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@driver/testing";
import { assertNothingOpen, exited, hang, running, ScriptedContainer, startedAt, timings, watch } from "../../test/scripted-container.ts";

test("believes Podman's inspect answer after a hint", async () => {
  const container = new ScriptedContainer();
  const result = watch(container);
  container.state = exited(3);
  container.hint();
  assert.deepEqual(await result, { exitCode: 3, signal: 0, oomKilled: false });
  assertNothingOpen(container);
});

test("looks at once for an end that came before any hint could be had", async () => {
  const container = new ScriptedContainer();
  container.sight = "none";
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
  await container.endAfterLook(5);
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

test("has Podman look seldom where hints are to be had in part, often where not, and never where nothing is out of sight", async () => {
  const intervals: number[][] = [];
  for (const sight of ["whole", "partial", "none"] as const) {
    const container = new ScriptedContainer();
    container.sight = sight;
    const result = watch(container);
    if (sight === "whole") await sleep(20);
    else await until(() => container.waitIntervals.length > 0);
    container.state = exited(0);
    container.hint();
    await result;
    intervals.push(container.waitIntervals);
    assertNothingOpen(container);
  }
  assert.deepEqual(intervals, [[], [5000], [500]]);
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
  assert.deepEqual(await result, {
    exitCode: 137,
    signal: 9,
    oomKilled: true,
    error: "OOM killed: the task went over its memory limit of 1 MiB",
  });
});

test("asks the kernel's log only where a failed task's counter was gone before it was read", async () => {
  const cases = [
    { exitCode: 137, oomKills: undefined, oomRecord: true, oomKilled: true, reads: 1 },
    { exitCode: 137, oomKills: undefined, oomRecord: false, oomKilled: false, reads: 1 },
    { exitCode: 137, oomKills: 0, oomRecord: true, oomKilled: false, reads: 0 },
    { exitCode: 1, oomKills: undefined, oomRecord: true, oomKilled: true, reads: 1 },
    { exitCode: 0, oomKills: undefined, oomRecord: true, oomKilled: false, reads: 0 },
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

test("asks Podman nothing more when it is let go of while it reads the kernel's log", async () => {
  const container = new ScriptedContainer();
  const log = Promise.withResolvers<boolean>();
  container.hasOomRecord = () => ((container.kernelLogReads += 1), log.promise);
  container.sight = "whole";
  container.oomKills = undefined;
  container.record = { exitCode: 137, writtenAt: new Date(startedAt.getTime() + 1000), oomMarkedAt: undefined };
  const stop = new AbortController();
  const result = watch(container, { signal: stop.signal });
  container.hint();
  while (container.kernelLogReads === 0) await sleep(1);
  stop.abort(new Error("let go"));
  await assert.rejects(result, /let go/);
  log.resolve(false);
  await sleep(20);
  assert.equal(container.inspects, 0);
  assertNothingOpen(container);
});

test("asks nothing when it is over before it begins", async () => {
  const container = new ScriptedContainer();
  await assert.rejects(watch(container, { signal: AbortSignal.abort(new Error("over")) }), /over/);
  assert.equal(container.inspects, 0);
  assertNothingOpen(container);
});
