import assert from "node:assert/strict";
import { test } from "node:test";

import { DriverError } from "@driver/nomad-plugin";
import type { TaskConfig, TaskDriver } from "@driver/nomad-plugin";

import type { RestartPolicy } from "../src/job/job.ts";
import type { RunListener } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { createProcessDriver } from "./process-driver.ts";
import { inProcess, lives, recordRun } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

const twice: RestartPolicy = { attempts: 2, intervalMs: 600_000, delayMs: 0, mode: "fail" };
/** Counts its starts in the task's folder. */
const count = "echo x >> local/starts; n=$(wc -l < local/starts); echo start $n";
const lost = (events: readonly string[]): readonly string[] => events.filter((event) => !/:(starting|running)$/.test(event));

test("starts a task that fails again, as often as its policy says, and ends with its exit code", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", `${count}; exit $n`, { restart: twice });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.equal(run.log("only", "stdout").toString(), "start 1\nstart 2\nstart 3\n");
  assert.deepEqual(
    lost(lives(run)),
    ["exited", "restarting", "exited", "restarting", "exited", "not-restarting"].map((life) => `only:${life}`),
  );
  const told = run.events.filter(({ kind }) => kind === "task-restarting");
  const name = { kind: "task-restarting", group: "group", allocIndex: 0, task: "only" };
  assert.deepEqual(told, [
    { ...name, delayMs: 0, attempt: 1, attempts: 2, isWithinPolicy: true },
    { ...name, delayMs: 0, attempt: 2, attempts: 2, isWithinPolicy: true },
  ]);
  assert.deepEqual([run.result.exitCode, run.result.tasks[0]?.restarts], [3, 2]);
});

test("a task that succeeds at its second start is done", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", `${count}; [ $n = 2 ]`, { restart: twice });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.deepEqual([run.result.exitCode, run.result.tasks[0]?.restarts], [0, 1]);
});

test("what a life wrote is told before its end, and the next life after it", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", `${count}; head -c 300000 /dev/zero; exit 1`, { restart: twice });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  const bytes = [0];
  for (const event of run.events) {
    if (event.kind === "task-log") bytes.push((bytes.pop() ?? 0) + event.data.length);
    if (event.kind === "task-exited") bytes.push(0);
  }
  assert.deepEqual(bytes, [300_008, 300_008, 300_008, 0]);
});

test("a service is started again after success, too, and fails when its attempts are used up", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", "exit 0", { restart: twice });
  const run = await recordRun(sampleJob([sampleGroup([task])], { type: "service" }), { parentPath: folder.path });
  assert.deepEqual([run.result.exitCode, run.result.tasks[0]?.isFailed, run.result.tasks[0]?.restarts], [1, true, 2]);
});

test("mode delay goes on in the next interval", async () => {
  await using folder = await emptyFolder();
  const restart: RestartPolicy = { attempts: 1, intervalMs: 3_000, delayMs: 0, mode: "delay" };
  const task = sampleTask("only", `${count}; [ $n = 4 ]`, { restart });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.deepEqual([run.result.exitCode, run.result.tasks[0]?.restarts], [0, 3]);
  assert(run.events.some((event) => event.kind === "task-restarting" && !event.isWithinPolicy));
});

/** Keeps what the driver is asked. */
function recordCalls(driver: TaskDriver): { readonly driver: TaskDriver; readonly configs: TaskConfig[]; readonly calls: string[] } {
  const configs: TaskConfig[] = [];
  const calls: string[] = [];
  const recorded: TaskDriver = {
    ...driver,
    startTask: async (config, signal) => {
      configs.push(config);
      calls.push(`start ${config.id}`);
      return driver.startTask(config, signal);
    },
    destroyTask: async (taskId, options, signal) => {
      calls.push(`destroy ${taskId}${options.force ? " by force" : ""}`);
      await driver.destroyTask(taskId, options, signal);
    },
  };
  return { driver: recorded, configs, calls };
}

test("each start has an id of its own, and the old one is destroyed before", async () => {
  await using folder = await emptyFolder();
  const { driver, configs, calls } = recordCalls(createProcessDriver());
  const task = sampleTask("only", "exit 1", { restart: { ...twice, attempts: 1 } });
  await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, launch: inProcess(driver) });
  const [first, second] = configs;
  assert(first !== undefined && second !== undefined);
  assert.notEqual(first.id, second.id);
  for (const { id, allocId, name } of configs) assert.match(id, new RegExp(`^${allocId}/${name}/[0-9a-f]{8}$`));
  assert.deepEqual({ ...second, id: first.id }, first);
  const ids = [first.id, second.id];
  assert.deepEqual(
    calls,
    ids.flatMap((id) => [`start ${id}`, `destroy ${id} by force`]),
  );
});

test("a start error is followed by another try only when the driver says that it may help", async () => {
  await using folder = await emptyFolder();
  const starts = async (script: string): Promise<readonly unknown[]> => {
    const { driver, configs } = recordCalls(createProcessDriver());
    const job = sampleJob([sampleGroup([sampleTask("only", script, { restart: twice })])]);
    const run = await recordRun(job, { parentPath: folder.path, launch: inProcess(driver) });
    const reasons = run.events.flatMap((event) => (event.kind === "task-not-restarting" ? [event.reason] : []));
    return [configs.length, ...reasons, run.result.exitCode];
  };
  assert.deepEqual(await starts("refuse"), [1, "start-unrecoverable", 1]);
  assert.deepEqual(await starts("hiccup"), [3, "attempts-used-up", 1]);
});

test("a task whose end cannot be learned is started again", async () => {
  await using folder = await emptyFolder();
  const plain = createProcessDriver();
  let waits = 0;
  const driver: TaskDriver = {
    ...plain,
    waitTask: async (taskId, signal) => {
      waits += 1;
      if (waits === 1) throw new DriverError("failed", "lost from sight");
      return plain.waitTask(taskId, signal);
    },
  };
  const task = sampleTask("only", "exit 0", { restart: twice });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, launch: inProcess(driver) });
  assert.deepEqual([run.result.exitCode, run.result.tasks[0]?.restarts], [0, 1]);
});

test("a prestart task follows its restart policy before the main task starts", async () => {
  await using folder = await emptyFolder();
  const tasks = [
    sampleTask("prepare", `${count}; [ $n = 3 ]`, { restart: twice, lifecycle: { hook: "prestart", sidecar: false } }),
    sampleTask("main", "exit 0"),
  ];
  const run = await recordRun(sampleJob([sampleGroup(tasks)], { type: "service" }), { parentPath: folder.path });
  assert.equal(run.log("prepare", "stdout").toString(), "start 1\nstart 2\nstart 3\n");
  const order = lives(run);
  assert(order.lastIndexOf("prepare:exited") < order.indexOf("main:starting"), order.join());
});

test("a sidecar is started again whenever it ends, beside a main task that goes on", async () => {
  await using folder = await emptyFolder();
  const restart = { ...twice, attempts: 100 };
  const tasks = [
    sampleTask("sidecar", `echo x >> ../alloc/data/starts`, { restart, lifecycle: { hook: "prestart", sidecar: true } }),
    sampleTask("main", "until [ $(wc -l < ../alloc/data/starts) -ge 3 ]; do sleep 0.02; done"),
  ];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 0);
  const sidecar = run.result.tasks.find(({ task }) => task === "sidecar");
  assert.deepEqual([sidecar?.isStoppedByHost, (sidecar?.restarts ?? 0) >= 2], [true, true]);
});

test("an interrupt ends the waiting for a restart at once", async () => {
  await using folder = await emptyFolder();
  const stop = new AbortController();
  const restart = { ...twice, delayMs: 300_000 };
  const onEvent: RunListener = ({ kind }) => (kind === "task-restarting" ? stop.abort(new Error("interrupted")) : undefined);
  const job = sampleJob([sampleGroup([sampleTask("only", "exit 1", { restart })])]);
  const run = await recordRun(job, { parentPath: folder.path, signal: stop.signal, onEvent });
  assert.equal(run.result.exitCode, 130);
  assert.deepEqual(lives(run).slice(-2), ["only:restarting", "only:stopping"]);
});

test("a task that waits for its restart is stopped when another one fails", async () => {
  await using folder = await emptyFolder();
  const tasks = [
    sampleTask("patient", "echo x > ../alloc/data/ended; exit 1", { restart: { ...twice, delayMs: 300_000 } }),
    sampleTask("bad", "until [ -e ../alloc/data/ended ]; do sleep 0.02; done; exit 5"),
  ];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 5);
});
