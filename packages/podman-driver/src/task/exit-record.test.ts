import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExitRecord } from "../host/exit-directory.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { assertNothingOpen, exited, running, ScriptedContainer, startedAt, timings, watch } from "../../test/scripted-container.ts";

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
  assert.deepEqual(await result, {
    exitCode: 137,
    signal: 9,
    oomKilled: true,
    error: "OOM killed: the task went over its memory limit of 1 MiB",
  });
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
    const result = watch(container, { reasonMs: 10_000 });
    container.hint();
    assert.deepEqual([(await result).exitCode, (await result).oomKilled, container.inspects], [exitCode, true, 1]);
  }
});

test("asks nobody why a task failed when the kernel tells that nothing was killed in its cgroup, which is gone", async () => {
  const container = new ScriptedContainer();
  Object.assign(container, { oomKills: undefined, withoutOomKill: true, record: recorded(137) });
  const result = watch(container);
  container.hint();
  assert.deepEqual([(await result).exitCode, (await result).oomKilled], [137, false]);
  assert.deepEqual([container.inspects, container.kernelLogReads], [0, 0]);
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

test("takes no record of an earlier run of the container, which a reboot may leave behind", async () => {
  const container = new ScriptedContainer();
  container.record = { exitCode: 0, writtenAt: new Date(startedAt.getTime() - 60_000), oomMarkedAt: undefined };
  const result = watch(container, { sameBoot: false });
  await container.endAfterLook(7);
  assert.equal((await result).exitCode, 7);
});

test("takes a record for this run's in the boot in which it was started, though the clock was set back since", async () => {
  const container = new ScriptedContainer();
  container.state = "unreachable";
  container.record = { exitCode: 0, writtenAt: new Date(startedAt.getTime() - 3_600_000), oomMarkedAt: undefined };
  const result = watch(container);
  container.hint();
  assert.equal((await result).exitCode, 0);
});

test("knows the mark of an OOM kill of this run by the record beside it where the clock was set back since, and no older one", async () => {
  const writtenAt = new Date(startedAt.getTime() - 3_600_000);
  for (const [earlierMs, oomKilled] of [[300, true], [60_000, false]] as const) {
    const container = new ScriptedContainer();
    container.oomKills = undefined;
    container.state = "unreachable";
    container.record = { exitCode: 5, writtenAt, oomMarkedAt: new Date(writtenAt.getTime() - earlierMs) };
    const result = watch(container);
    container.hint();
    assert.deepEqual([(await result).exitCode, (await result).oomKilled], [5, oomKilled]);
  }
});

for (const silence of ["frozen", "unreachable", "still running"] as const) {
  for (const exitCode of [32, 137]) {
    test(`reports code ${exitCode} of a task whose OOM counter is gone though Podman does not tell why (${silence})`, async () => {
      const container = new ScriptedContainer();
      container.oomKills = undefined;
      container.isFrozen = silence === "frozen";
      container.state = silence === "unreachable" ? "unreachable" : running;
      container.record = recorded(exitCode);
      const result = watch(container);
      container.hint();
      container.record = undefined;
      assert.deepEqual(await result, { exitCode, signal: exitCode === 137 ? 9 : 0, oomKilled: false });
      assert.equal(container.kernelLogReads, 1);
      assert.ok(container.inspects > 0);
      assertNothingOpen(container);
    });
  }
}

test("asks the kernel's log why a task failed before it asks Podman", async () => {
  const container = new ScriptedContainer();
  Object.assign(container, { oomKills: undefined, oomRecord: true, isFrozen: true, record: recorded(137) });
  const result = watch(container);
  container.hint();
  assert.deepEqual([(await result).oomKilled, container.inspects], [true, 0]);
});

test("keeps the last value of an OOM counter that goes away with its cgroup", async () => {
  const container = new ScriptedContainer();
  container.isFrozen = true;
  const result = watch(container);
  container.noteOomKills(1);
  Object.assign(container, { oomKills: undefined, record: recorded(137) });
  container.hint();
  assert.deepEqual([(await result).oomKilled, container.kernelLogReads, container.inspects], [true, 0, 0]);
});

for (const [what, trouble, words] of [
  ["says nothing", { isFrozen: true }, ""],
  ["answers with an error", { state: "unreachable" }, ": Podman does not answer"],
] as const) {
  test(`reports an unknown code when all are gone who could tell it and Podman ${what}, and not while one is left`, async () => {
    const container = new ScriptedContainer();
    Object.assign(container, { conmonAlive: false, ...trouble });
    const result = watch(container);
    container.hint();
    const early = await Promise.race([result, sleep(4 * timings.lostGraceMs)]);
    assert.equal(early, undefined);
    container.mainGone = true;
    const text =
      "the task's process and conmon, which learns it, have ended, and Podman, which may know it, does not answer: it was asked for 0.06 s";
    assert.equal((await result).error, `exit code unknown: ${text}${words}`);
    assertNothingOpen(container);
  });
}

test("takes the code from a Podman that answers late, when all others are gone who could tell it", async () => {
  const container = new ScriptedContainer();
  Object.assign(container, { conmonAlive: false, mainGone: true, isFrozen: true });
  const result = watch(container, { lostGraceMs: 60_000 });
  container.hint();
  await container.untilInspected(4);
  Object.assign(container, { isFrozen: false, state: exited(0) });
  assert.deepEqual(await result, { exitCode: 0, signal: 0, oomKilled: false });
});

for (const beingEnded of [false, true]) {
  const when = beingEnded ? "soon when somebody ends the task" : "when conmon has had its time";
  test(`takes the code of a process that conmon does not bury from the kernel, ${when}`, async () => {
    const container = new ScriptedContainer();
    Object.assign(container, { mainGone: true, unburiedCode: 37, beingEnded, isFrozen: true });
    const result = watch(container);
    const hintedMs = performance.now();
    while ((await Promise.race([result, sleep(2)])) === undefined) container.hint();
    assert.deepEqual(await result, { exitCode: 37, signal: 0, oomKilled: false });
    assert.ok(performance.now() - hintedMs >= (beingEnded ? timings.unburiedStopMs : timings.unburiedMs) - 1);
    assertNothingOpen(container);
  });
}

test("prefers conmon's record, and starts to wait anew where it had buried the process meanwhile", async () => {
  const container = new ScriptedContainer();
  Object.assign(container, { mainGone: true, unburiedCode: 37 });
  const result = watch(container);
  container.hint();
  Object.assign(container, { unburiedCode: undefined });
  container.hint();
  await sleep(timings.unburiedMs);
  Object.assign(container, { unburiedCode: 37 });
  container.hint();
  assert.equal(await Promise.race([result, sleep(20)]), undefined);
  container.record = recorded(4);
  container.hint();
  assert.equal((await result).exitCode, 4);
});
