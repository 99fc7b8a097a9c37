import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExitRecord } from "../host/exit-directory.ts";
import { assertNothingOpen, exited, ScriptedContainer, startedAt, watch } from "./scripted-container.ts";

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
  await container.endAfterLook(7);
  assert.equal((await result).exitCode, 7);
});
