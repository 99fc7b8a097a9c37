import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { decodeMsgpackRaw, encodeGoMsgpack, encodeGoTime, type GoValue, type RawValue, type TaskHandle } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, podmanError, testSetting, until, type RiggedTask } from "@driver/testing";
import { findContainerOf } from "./inspect-of.ts";
import { withPodman } from "./with-podman.ts";
import { untilNoted } from "./noted-output.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const recoverStopped = { pluginConfig: { recover_stopped: true } };
/** Each run says its number, ends when it is told to, and has a code of its own. */
const script = [
  "n=$(wc -l < /alloc/data/runs 2>/dev/null || echo 0)",
  "n=$((n+1))",
  "echo $n >> /alloc/data/runs",
  "echo run $n",
  "while [ ! -e /alloc/data/end$n ]; do sleep 0.05; done",
  "echo end $n",
  "exit $((40+n))",
].join("; ");

test("starts a task again that ended while no plugin ran, goes on with its log, and reports the new end", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const task = await rig.runScript(script);
  await task.stdout.until((text) => text === "run 1\n");
  await crashAndEnd(rig, task);
  await rig.recover(task);
  await task.stdout.until((text) => text === "run 1\nend 1\nrun 2\n");
  for await (const stats of rig.driver.taskStats(task.config.id, { intervalMs: 1000 }, soon())) {
    assert.ok((stats.memory.rssBytes ?? 0) > 0);
    break;
  }
  const { state, startedAt } = await rig.driver.inspectTask(task.config.id, soon());
  assert.equal(state, "running");
  assert.deepEqual(startedAt, (await findContainerOf(task))?.state.startedAt);
  await end(task, 2);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 42);
  assert.equal((await task.stdout.whole()).toString(), "run 1\nend 1\nrun 2\nend 2\n");
});

test("knows a task that it has started again once more after another crash", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const task = await rig.runScript(script);
  await task.stdout.until((text) => text === "run 1\n");
  await crashAndEnd(rig, task);
  await rig.recover(task);
  await task.stdout.until((text) => text.endsWith("run 2\n"));
  await rig.crash();
  await rig.recover(task);
  await end(task, 2);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 42);
  assert.equal(await runsOf(task), 2);
});

test("starts what a reboot has stopped, and takes no later recovery for another reboot", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const task = await rig.prepare();
  // After a reboot a container that ran is "created" again (podman 4.3, 5.4).
  const id = await createContainer(task, ["sh", "-c", script]);
  const handle = await handleOfEarlierBoot(rig, task, id);
  await rig.driver.recoverTask(handle, soon());
  await until(async () => (await runsOf(task)) === 1);
  await rig.crash();
  await rig.driver.recoverTask(handle, soon());
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
  await end(task, 1);
  assert.deepEqual(await rig.driver.waitTask(task.config.id, soon()), { exitCode: 41, signal: 0, oomKilled: false });
  assert.equal(await runsOf(task), 1);
});

test("reports the end of a task that ended while no plugin ran where the operator does not ask for more", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(script);
  await task.stdout.until((text) => text === "run 1\n");
  await crashAndEnd(rig, task);
  await rig.recover(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 41);
  assert.equal(await runsOf(task), 1);
});

test("reports a start that fails as the task's failure", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const folder = join(rig.root, "mounted");
  await mkdir(folder);
  const mount = { taskPath: "/mounted", hostPath: folder, readonly: false, propagationMode: "", selinuxLabel: "", requestName: "data" };
  const task = await rig.runScript("exit 1", { more: { mounts: [mount] } });
  await rig.driver.waitTask(task.config.id, soon());
  await rig.crash();
  await rm(folder, { recursive: true });
  await rig.recover(task);
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.equal(result.exitCode, -1);
  assert.match(result.error ?? "", /recover_stopped: start the container again: .*no such file or directory/i);
});

test("reports a task that came up with another address as failed, and ends it", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const task = await rig.runScript("[ -e /alloc/data/end1 ] && exec sleep 300; while [ ! -e /alloc/data/end1 ]; do sleep 0.05; done", {
    config: { network_mode: "bridge" },
  });
  await crashAndEnd(rig, task);
  await rig.recover(task);
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.match(result.error ?? "", /recover_stopped: the container came up with the address [\d.]+, but Nomad knows the task by [\d.]+/);
  await until(async () => (await findContainerOf(task))?.state.running === false);
});

test("answers at once and holds up nobody when Podman does not start the container", async () => {
  await using faulty = await FaultyRig.start(recoverStopped);
  const { rig, proxy } = faulty;
  const task = await rig.runScript("exit 1");
  await rig.driver.waitTask(task.config.id, soon());
  await rig.crash();
  const injected = proxy.inject({ path: /\/start$/, fault: podmanError("out of sorts") });
  // It goes on being refused: whoever waited for the start would wait for ever.
  await rig.recover(task);
  await until(() => injected.hits > 1);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.match(
    (await rig.driver.waitTask(task.config.id, soon())).error ?? "",
    /recover_stopped: the task was stopped before its container was started again/,
  );
});

test("leaves nothing when the task is destroyed while its container is being started again", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const task = await rig.runScript("[ -e /alloc/data/end1 ] && exec sleep 300; touch /alloc/data/end1; exit 1");
  await rig.driver.waitTask(task.config.id, soon());
  await rig.crash();
  await rig.recover(task);
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  assert.equal(await findContainerOf(task), undefined);
});

test("does not start a container of the Go driver again, whose conmon would wait for a reader", async () => {
  await using rig = await DriverRig.start(recoverStopped);
  const task = await rig.prepare();
  const id = await createContainer(task, ["sh", "-c", "exit 9"]);
  await withPodman((podman) => podman.containers.start(id, soon()));
  await until(async () => (await findContainerOf(task))?.state.status === "exited");
  const before = await findContainerOf(task);
  const goState = {
    ContainerID: id,
    LogStreamer: false,
    Net: null,
    StartedAt: encodeGoTime(new Date()),
    TaskConfig: { image: testSetting("TEST_IMAGE"), socket: "default" },
  };
  await rig.driver.recoverTask(toHandle(task, goState), soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 9);
  assert.deepEqual((await findContainerOf(task))?.state.startedAt, before?.state.startedAt);
});

/** Kills the plugin once it has noted what it delivered, ends the task's first run, and has a new plugin up when Podman has noticed. */
async function crashAndEnd(rig: DriverRig, task: RiggedTask): Promise<void> {
  if (task.stdout.text() !== "") await untilNoted(task);
  await rig.crash();
  await end(task, 1);
  await until(async () => (await findContainerOf(task))?.state.status === "exited");
}

async function end(task: RiggedTask, run: number): Promise<void> {
  await writeFile(join(task.config.allocDir, "alloc", "data", `end${run}`), "");
}

async function runsOf(task: RiggedTask): Promise<number> {
  const text = await readFile(join(task.config.allocDir, "alloc", "data", "runs"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

async function createContainer(task: RiggedTask, command: readonly string[]): Promise<string> {
  const mounts = [{ type: "bind", source: join(task.config.allocDir, "alloc"), destination: "/alloc", options: ["rbind"] }];
  const spec = { name: `task-${task.config.allocId}`, image: testSetting("TEST_IMAGE"), command, mounts, netns: { nsmode: "none" } };
  return withPodman(async (podman) => (await podman.containers.create(spec, soon())).id);
}

/** What Nomad would have kept of a task that this driver started before the host went down. */
async function handleOfEarlierBoot(rig: DriverRig, task: RiggedTask, containerId: string): Promise<TaskHandle> {
  const model = await rig.runScript("exit 0");
  const state = recordOf(decodeMsgpackRaw(rig.handleOf(model).driverState));
  await rig.driver.destroyTask(model.config.id, { force: true }, soon());
  return toHandle(task, { ...state, ContainerID: containerId });
}

function toHandle(task: RiggedTask, state: Readonly<Record<string, GoValue>>): TaskHandle {
  return { version: 1, config: { ...task.config, driverConfig: new Uint8Array() }, state: "running", driverState: encodeGoMsgpack(state) };
}

/** The values of a decoded state in a form that can be encoded again, since text comes as bytes; with another boot. */
function recordOf(value: RawValue | undefined): Record<string, GoValue> {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toGoValue(key, each)]));
}

function toGoValue(key: string, value: RawValue): GoValue {
  if (key === "StartedAt") return encodeGoTime(new Date());
  if (key === "bootId") return "of-an-earlier-boot";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (Array.isArray(value)) return value.map((each) => toGoValue("", each));
  return typeof value === "object" && value !== null ? recordOf(value) : value;
}
