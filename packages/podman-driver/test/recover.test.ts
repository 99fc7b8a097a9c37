import assert from "node:assert/strict";
import { closeSync, constants, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PodmanClient, type ContainerState } from "@driver/libpod";
import { decodeMsgpackRaw } from "@driver/nomad-plugin";
import { DriverRig, testSetting, until, type RiggedTask } from "@driver/testing";
import { goHandle, runLikeGoDriver } from "./go-handle.ts";
import { findContainerOf } from "./inspect-of.ts";
import { go, untilGo } from "./go-file.ts";
import { untilNoted } from "./noted-output.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("takes a running task over from a plugin that was killed, and loses no line", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo line 1; ${untilGo}; for i in 2 3 4 5 6 7 8; do echo line $i; sleep 0.3; done; exit 21`);
  await task.stdout.until((text) => text === "line 1\n");
  await untilNoted(task);
  await rig.crash();
  // Lines come while no plugin runs, while it is launched and after it has taken over.
  await go(task);
  await rig.recover(task);
  await rig.recover(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 21);
  assert.equal((await task.stdout.whole()).toString(), "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\n");
});

test("reports what happened while no plugin ran", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo before; ${untilGo}; echo after; exit 22`);
  await task.stdout.until((text) => text === "before\n");
  await untilNoted(task);
  await rig.crash();
  await go(task);
  await until(async () => (await stateOf(task))?.status === "exited");
  await rig.recover(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 22);
  assert.equal((await task.stdout.whole()).toString(), "before\nafter\n");
});

test("does not write into a FIFO whose reader holds it open but has stopped reading, as Nomad's collector does", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo first; ${untilGo}; seq 1 20000; echo last`);
  await task.stdout.until((text) => text === "first\n");
  await untilNoted(task);
  const stale = openSync(task.config.stdoutPath, constants.O_RDONLY | constants.O_NONBLOCK);
  await task.stdout.leave();
  await rig.crash();
  await rig.recover(task);
  await go(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  closeSync(stale);
  const wanted = `${Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("")}last\n`;
  assert.equal(await readFile(join(task.config.allocDir, "alloc", "logs", "task.stdout.0"), "utf8"), wanted);
});

test("loses no output of a task whose plugin died before Nomad had its answer, and which Nomad starts once more", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo first; ${untilGo}; seq 1 20000; exit 25`);
  await task.stdout.until((text) => text === "first\n");
  await untilNoted(task);
  const stale = openSync(task.config.stdoutPath, constants.O_RDONLY | constants.O_NONBLOCK);
  await task.stdout.leave();
  await rig.crash();
  await rig.startTask(task);
  await go(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 25);
  closeSync(stale);
  const wanted = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("");
  assert.equal(await readFile(join(task.config.allocDir, "alloc", "logs", "task.stdout.0"), "utf8"), wanted);
});

test("stops, signals and looks into a recovered task as into any other", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("trap 'exit 23' TERM; trap 'echo usr1' USR1; echo ready; while :; do sleep 0.05; done");
  await task.stdout.until((text) => text === "ready\n");
  await untilNoted(task);
  await rig.crash();
  await rig.recover(task);
  await rig.driver.signalTask(task.config.id, "USR1", soon());
  await task.stdout.until((text) => text === "ready\nusr1\n");
  const output = await rig.driver.execTask(task.config.id, { command: ["echo", "inside"], timeoutMs: 20_000 }, soon());
  assert.equal(Buffer.from(output.stdout).toString(), "inside\n");
  for await (const stats of rig.driver.taskStats(task.config.id, { intervalMs: 1000 }, soon())) {
    assert.ok((stats.memory.rssBytes ?? 0) > 0);
    break;
  }
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 23);
});

for (const alsoMain of [false, true]) {
  test(`finds that conmon${alsoMain ? " and the task" : ""} died while no plugin ran, and reports no success`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript("sleep 60");
    const state = await stateOf(task);
    await rig.crash();
    process.kill(state?.conmonPid ?? 0, "SIGKILL");
    if (alsoMain) process.kill(state?.pid ?? 0, "SIGKILL");
    await rig.recover(task);
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.match(result.error ?? "", /exit code unknown: conmon/);
  });
}

test("refuses to recover a task whose container is gone", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("sleep 60");
  await rig.crash();
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  await podman.containers.remove(`task-${task.config.allocId}`, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
  podman.close();
  await assert.rejects(rig.recover(task), /is gone/);
  await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
});

test("never takes a container that the reboot of the host has reset for one that ended well", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sleep", args: ["60"] } });
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  // After a reboot a container that ran is "created" again, with exit code 0 and no end (podman 4.3, 5.4).
  const { id } = await podman.containers.create(
    { name: `task-${task.config.allocId}`, image: testSetting("TEST_IMAGE"), command: ["sleep", "60"] },
    soon(),
  );
  podman.close();
  await rig.driver.recoverTask(goHandle(task, { containerId: id, socket: "default" }), soon());
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.notEqual(result.exitCode, 0);
  assert.match(result.error ?? "", /exit code unknown/);
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
});

test("takes over a running task that the Go driver has started", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({});
  const containerId = await runLikeGoDriver(task, testSetting("TEST_PODMAN_SOCKET"));
  await rig.driver.recoverTask(goHandle(task, { containerId, socket: "default" }), soon());
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 24);
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
});

test("says what is wrong with a state that cannot be read", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({});
  const handle = { version: 1, config: task.config, state: "running", driverState: Buffer.from("c0ffee", "hex") } as const;
  await assert.rejects(rig.driver.recoverTask(handle, soon()), /state/);
});

test("keeps no password in the state that Nomad stores", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("exit 0");
  const text = JSON.stringify(decodeMsgpackRaw(rig.handleOf(task).driverState));
  assert.match(text, /TaskConfig/);
  assert.doesNotMatch(text, /password/);
});

async function stateOf(task: RiggedTask): Promise<ContainerState | undefined> {
  return (await findContainerOf(task))?.state;
}
