import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, rmSync, rmdirSync, statSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { DriverRig, FaultyRig, RecordedEvents, until, type RiggedTask } from "@driver/testing";
import { inspectOf } from "./inspect-of.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
/** Shell: waits until the test says go. */
const untilGo = (name = "go"): string => `while [ ! -e /alloc/${name} ]; do sleep 0.05; done`;
const numbers = (last: number): string => Array.from({ length: last }, (_, index) => `${index + 1}\n`).join("");

test("the disk gets back what is delivered also while Podman's socket is away", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.runScript(`echo ready; ${untilGo()}; seq 1 1000000; ${untilGo("end")}`);
  await task.stdout.until((text) => text === "ready\n");
  const folder = await storageOf(task);
  renameSync(proxy.socketPath, `${proxy.socketPath}.away`);
  await go(task);
  await task.stdout.until((text) => text.endsWith("\n1000000\n"), 240_000);
  // Of more than 50 MB.
  await until(() => logBytes(folder) < 25_000_000);
  renameSync(`${proxy.socketPath}.away`, proxy.socketPath);
  await go(task, "end");
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.ok((await task.stdout.whole()).equals(Buffer.from(`ready\n${numbers(1_000_000)}`)));
});

for (const isAway of [false, true]) {
  const state = isAway ? "has no socket" : "says nothing";
  test(`output goes on, and the disk gets back what is delivered, of a task taken over while Podman ${state}`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.runScript(`echo ready; ${untilGo()}; seq 1 1000000; ${untilGo("end")}`);
    await task.stdout.until((text) => text === "ready\n");
    const folder = await storageOf(task);
    await rig.crash();
    const silence = proxy.inject({ fault: { kind: "hang" } });
    if (isAway) renameSync(proxy.socketPath, `${proxy.socketPath}.away`);
    await rig.recover(task);
    await go(task);
    await task.stdout.until((text) => text.endsWith("\n1000000\n"), 240_000);
    // Of more than 50 MB.
    await until(() => logBytes(folder) < 25_000_000);
    if (isAway) renameSync(`${proxy.socketPath}.away`, proxy.socketPath);
    silence.remove();
    await go(task, "end");
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  });
}

test("conmon is not asked for a new file that it could not make, and is as soon as it can", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(
    `echo ready; ${untilGo()}; seq 1 500000; echo half; ${untilGo("more")}; seq 1 500000; ${untilGo("end")}; exit 3`,
  );
  await task.stdout.until((text) => text === "ready\n");
  const folder = await storageOf(task);
  // Asked now, conmon would end, and leave the task alone with a broken pipe (conmon 2.1.6).
  mkdirSync(join(folder, "ctr.log.tmp"));
  await go(task);
  await task.stdout.until((text) => text.endsWith("half\n"), 240_000);
  assert.ok(logBytes(folder) > 25_000_000);
  rmdirSync(join(folder, "ctr.log.tmp"));
  await go(task, "more");
  await task.stdout.until((text) => text.endsWith("\n500000\n") && text.length > 6_500_000, 240_000);
  await until(() => logBytes(folder) < 20_000_000);
  await go(task, "end");
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
  assert.ok((await task.stdout.whole()).equals(Buffer.from(`ready\n${numbers(500_000)}half\n${numbers(500_000)}`)));
});

test("output that nobody takes stays within its limit though conmon cannot be asked for a new file, and its owner is told", async () => {
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const script = `${untilGo()}; i=0; while [ $i -lt 100 ]; do i=$((i+1)); seq 1 5000; sleep 0.05; done; ${untilGo("end")}; echo end`;
  const task = await rig.prepare({
    config: { command: "sh", args: ["-c", script], logging: { driver: "k8s-file", options: [{ "max-size": "256k" }] } },
  });
  task.stdout.pause();
  await rig.startTask(task);
  const folder = await storageOf(task);
  rmSync(join(folder, "ctl"));
  await go(task);
  await until(() => events.messages.some((message) => /^Dropped \d+ bytes of log output/.test(message)));
  await until(() =>
    events.messages.some((message) =>
      message.startsWith("Logs: conmon begins no new log file; the present one had outgrown its limit and was emptied: ENOENT"),
    ),
  );
  await until(() => blockBytes(folder) <= 1.5 * 262_144);
  assert.equal(events.messages.filter((message) => message.startsWith("Dropped ")).length, 1);
  task.stdout.resume();
  await go(task, "end");
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.match((await task.stdout.whole()).toString(), /\nend\n$/);
});

test("where the own files begin is kept before anything is written, so that a crash behind the first line repeats none", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { log_collection: "driver" } });
  const task = await rig.runScript(`${untilGo()}; echo first; ${untilGo("end")}`);
  await until(() => stat(join(task.config.allocDir, "task", ".podman-log-position")).then(() => true, () => false));
  await rig.crash();
  const file = join(task.config.allocDir, "alloc", "logs", "task.stdout.0");
  // As a plugin leaves it that was killed between the line and its mark.
  await writeFile(file, "first\n");
  await go(task);
  await rig.recover(task);
  await go(task, "end");
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.equal(await readFile(file, "utf8"), "first\n");
});

test("what a log folder could not take, which a task had replaced, is collected when it is put back", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { log_collection: "driver" } });
  const task = await rig.runScript(`echo first; ${untilGo()}; echo second; ${untilGo("end")}; echo third`);
  const logs = join(task.config.allocDir, "alloc", "logs");
  const file = join(logs, "task.stdout.0");
  await until(() => readFile(file, "utf8").then((text) => text === "first\n", () => false));
  await rig.crash();
  renameSync(logs, `${logs}.aside`);
  await rig.recover(task);
  await go(task);
  await until(() => /the output cannot be collected; trying again/.test(rig.log));
  renameSync(`${logs}.aside`, logs);
  await until(() => readFile(file, "utf8").then((text) => text === "first\nsecond\n", () => false));
  await go(task, "end");
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.equal(await readFile(file, "utf8"), "first\nsecond\nthird\n");
});

async function go(task: RiggedTask, name = "go"): Promise<void> {
  await writeFile(join(task.config.allocDir, "alloc", name), "");
}

/** Bytes of the container's log, as they are counted and as they are on the disk. */
function logBytes(folder: string): number {
  return logFiles(folder).reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}

function blockBytes(folder: string): number {
  return logFiles(folder).reduce((sum, path) => sum + 512 * (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0), 0);
}

function logFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^ctr\.log(\.\d+)?$/.test(name)).map((name) => join(folder, name));
}

async function storageOf(task: RiggedTask): Promise<string> {
  return dirname((await inspectOf(task)).host.logPath);
}
