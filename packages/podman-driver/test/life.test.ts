import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { DriverRig, testSetting } from "@driver/testing";
import { hostRoots, identifyProcess, isAlive } from "../src/host/proc-files.ts";
import { go, untilGo } from "./go-file.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

for (const code of [0, 1, 3, 137]) {
  test(`reports exit code ${code}`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript(`exit ${code}`);
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.deepEqual(result, { exitCode: code, signal: code === 137 ? 9 : 0, oomKilled: false });
  });
}

test("gives every waiter the same result, also those who come late", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`${untilGo}; exit 4`);
  const waiting = [1, 2, 3].map(() => rig.driver.waitTask(task.config.id, soon()));
  await go(task);
  const early = await Promise.all(waiting);
  const late = await rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([...early, late].map((result) => result.exitCode), [4, 4, 4, 4]);
});

test("drops a waiter that hangs up and keeps the others", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`${untilGo}; exit 5`);
  const gone = new AbortController();
  const dropped = rig.driver.waitTask(task.config.id, gone.signal);
  const kept = rig.driver.waitTask(task.config.id, soon());
  gone.abort(new Error("hung up"));
  await assert.rejects(dropped);
  await go(task);
  assert.equal((await kept).exitCode, 5);
});

test("reports a task killed for memory as such", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("tail /dev/zero", { resources: { memoryMb: 16 } });
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.equal(result.oomKilled, true, JSON.stringify(result));
  assert.equal(result.exitCode, 137);
  assert.match(result.error ?? "", /memory limit of 16 MiB/);
});

test("reports a task killed for memory under an init as such", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("exec tail /dev/zero", { config: { init: true }, resources: { memoryMb: 16 } });
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([result.exitCode, result.oomKilled], [137, true], JSON.stringify(result));
});

test("reports a container that somebody removed as failed", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("sleep 60");
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  await podman.containers.remove(`task-${task.config.allocId}`, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
  podman.close();
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.notEqual(result.exitCode, 0);
});

for (const end of ["stop", "destroy"] as const) {
  test(`reports a lost conmon as failed with an unknown code, and a ${end} ends the process that it left`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript("sleep 60");
    const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
    const inspect = await podman.containers.inspect(`task-${task.config.allocId}`, soon());
    podman.close();
    const main = identifyProcess(hostRoots, inspect?.state.pid ?? 0);
    assert.ok(inspect !== undefined && main !== undefined);
    process.kill(inspect.state.conmonPid, "SIGKILL");
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.notEqual(result.exitCode, 0);
    assert.match(result.error ?? "", /exit code unknown: conmon/);
    assert.equal(isAlive(hostRoots, main), true);
    if (end === "stop") await rig.driver.stopTask(task.config.id, { timeoutMs: 5000, killSignal: "" }, soon());
    else await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.equal(isAlive(hostRoots, main), false);
  });
}

test("refuses to destroy a running task without force, and leaves nothing with it", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("sleep 60");
  await assert.rejects(rig.driver.destroyTask(task.config.id, { force: false }, soon()), /cannot destroy running task/);
  const waiter = rig.driver.waitTask(task.config.id, soon());
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  assert.equal((await waiter).exitCode, 137);
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  assert.equal(await podman.containers.inspect(`task-${task.config.allocId}`, soon()), undefined);
  podman.close();
  await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
  await assert.rejects(rig.driver.destroyTask(task.config.id, { force: true }, soon()), /task not found/);
});

test("tells a task's status while it runs and after it has ended", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`read line < /dev/zero & ${untilGo}; exit 2`);
  const running = await rig.driver.inspectTask(task.config.id, soon());
  assert.equal(running.state, "running");
  assert.ok(running.startedAt !== undefined && Math.abs(running.startedAt.getTime() - Date.now()) < 60_000);
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  const ended = await rig.driver.inspectTask(task.config.id, soon());
  assert.equal(ended.state, "exited");
  assert.equal(ended.result?.exitCode, 2);
  assert.ok(ended.completedAt !== undefined && ended.completedAt >= running.startedAt);
});

test("keeps the container for a look at it with gc.container = false", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { gc: { container: false } } });
  const task = await rig.runScript("exit 0");
  await rig.driver.waitTask(task.config.id, soon());
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const name = `task-${task.config.allocId}`;
  assert.match((await podman.containers.inspect(name, soon()))?.state.status ?? "gone", /^(stopped|exited)$/);
  await podman.containers.remove(name, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
  podman.close();
});

test("does not call a stopped task killed for memory because a child of it once was", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("(tail /dev/zero); echo child $?; while :; do sleep 0.1; done", { resources: { memoryMb: 16 } });
  await task.stdout.until((text) => text === "child 137\n");
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  assert.deepEqual(await rig.driver.waitTask(task.config.id, soon()), { exitCode: 137, signal: 9, oomKilled: false });
});

test("reports a task that fails after it has lost a child for memory as killed for memory", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("(tail /dev/zero); sleep 1; exit 5", { resources: { memoryMb: 16 } });
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([result.exitCode, result.signal, result.oomKilled], [5, 0, true]);
});
