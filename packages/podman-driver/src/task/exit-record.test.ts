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

test("reports an unknown code when all are gone who could tell it and Podman does not answer, and not while one is left", async () => {
  const container = new ScriptedContainer();
  Object.assign(container, { conmonAlive: false, isFrozen: true });
  const result = watch(container);
  container.hint();
  const early = await Promise.race([result, sleep(4 * timings.lostGraceMs)]);
  assert.equal(early, undefined);
  container.mainGone = true;
  assert.match((await result).error ?? "", /exit code unknown: .*Podman does not answer/);
  assertNothingOpen(container);
});
