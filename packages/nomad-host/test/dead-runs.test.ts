import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";

import { DriverError } from "@driver/nomad-plugin";
import type { TaskDriver } from "@driver/nomad-plugin";
import { toProcessMark } from "@driver/go-plugin";

import type { RunListener } from "../src/run/run-event.ts";
import { createRunFolder } from "../src/run/alloc/run-folder.ts";
import { readRunRecord, writeRunRecord } from "../src/run/leftovers/run-record.ts";
import type { RunRecord } from "../src/run/leftovers/run-record.ts";
import { createJobFolder } from "./job/job-text.ts";
import { createProcessDriver } from "./process-driver.ts";
import { inProcess, recordRun } from "./record-run.ts";
import type { RecordedRun } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

const nothing: RunRecord = { plugins: [], tasks: [], networks: [] };

/** The folder of a run that is gone, with a record. */
async function deadFolder(parent: string, record: RunRecord | undefined, mark = "aaaaaa"): Promise<string> {
  const [, , pid, , namespace] = basename(await createRunFolder(parent)).split("-");
  const path = join(parent, `nomad-run-${pid}-1-${namespace}-${mark}`);
  await mkdir(path);
  if (record !== undefined) await writeRunRecord(path, record);
  return path;
}

function notesOf({ events }: RecordedRun): readonly string[] {
  return events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
}

/** A run that cleans, with a driver that notes what it is asked. */
async function clean(parentPath: string, answer: (call: string) => void = () => undefined): Promise<{ run: RecordedRun; calls: string[] }> {
  const calls: string[] = [];
  const driver = createProcessDriver();
  const note = (call: string): void => {
    calls.push(call);
    answer(call);
  };
  const noting: TaskDriver = {
    ...driver,
    recoverTask: async ({ config, driverState }) => note(`recover ${config.id} ${Buffer.from(driverState).toString()}`),
    destroyTask: async (taskId, ...rest) => (taskId === "dead/task" ? note(`destroy ${taskId}`) : driver.destroyTask(taskId, ...rest)),
    destroyNetwork: async (allocId, spec) => note(`network ${allocId} ${spec?.path}`),
  };
  const job = sampleJob([sampleGroup([sampleTask("only", "true")])]);
  return { run: await recordRun(job, { parentPath, launch: inProcess(noting), cleansDeadRuns: true }), calls };
}

async function sampleRecord(): Promise<RunRecord> {
  let config: RunRecord["tasks"][number]["config"] | undefined;
  const driver = createProcessDriver();
  await using folder = await createJobFolder();
  const noting: TaskDriver = { ...driver, startTask: (given, signal) => ((config = given), driver.startTask(given, signal)) };
  const task = sampleTask("only", "true", { env: { PASSWORD: "s3cret" } });
  await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, launch: inProcess(noting) });
  assert.ok(config !== undefined);
  const handle = { version: 1, config: { ...config, id: "dead/task" }, state: "running", driverState: Buffer.from("state") } as const;
  const spec = { mode: "group", path: "/run/netns/x", labels: {} } as const;
  return { plugins: [], tasks: [handle], networks: [{ allocId: "dead", spec }] };
}

test("what a killed run has left is ended and removed where that is asked for", async () => {
  await using parent = await createJobFolder();
  const folder = await deadFolder(parent.path, await sampleRecord());
  const { run, calls } = await clean(parent.path);
  assert.deepEqual(calls, ["recover dead/task state", "destroy dead/task", "network dead /run/netns/x"]);
  assert.deepEqual(notesOf(run), [`removed what a killed run has left: ${folder}`]);
  assert.equal(existsSync(folder), false);
});

test("a task that is not there any more is no hindrance", async () => {
  await using parent = await createJobFolder();
  const folder = await deadFolder(parent.path, await sampleRecord());
  const { run } = await clean(parent.path, (call) => {
    if (call.startsWith("recover")) throw new DriverError("task-not-found", "gone");
  });
  assert.deepEqual(notesOf(run), [`removed what a killed run has left: ${folder}`]);
});

test("what cannot be removed is told, stays, and does not hold up the run", async () => {
  await using parent = await createJobFolder();
  const refused = await deadFolder(parent.path, await sampleRecord());
  const unknown = await deadFolder(parent.path, undefined, "bbbbbb");
  const { run } = await clean(parent.path, (call) => {
    if (call.startsWith("destroy")) throw new DriverError("failed", "no Podman");
  });
  assert.deepEqual(notesOf(run).toSorted(), [
    `what a killed run has left in ${refused} could not be removed: no Podman`,
    `what a killed run has left in ${unknown} could not be removed: it has no record that this version can read`,
  ]);
  assert.deepEqual([existsSync(refused), existsSync(unknown), run.result.exitCode], [true, true, 0]);
});

test("its plugin is ended, and a later process with the same number is not", async () => {
  await using parent = await createJobFolder();
  const plugin = spawn("sleep", ["60"]);
  const other = spawn("sleep", ["60"]);
  const ended = once(plugin, "exit");
  const [pid, , namespace] = toProcessMark(other.pid ?? 0).split("-");
  await deadFolder(parent.path, { ...nothing, plugins: [toProcessMark(plugin.pid ?? 0), `${pid}-1-${namespace}`, "1-1-1", "x"] });
  await clean(parent.path);
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.equal(other.exitCode ?? other.signalCode, null);
  other.kill();
  await once(other, "exit");
});

test("a run keeps the record of what runs, for its user alone and without environment and config", async () => {
  await using parent = await createJobFolder();
  const seen: (RunRecord | undefined)[] = [];
  let text = "";
  let mode = 0;
  const onEvent: RunListener = async (event) => {
    if (event.kind !== "task-running" && event.kind !== "task-restarting") return;
    const [folder = ""] = readdirSync(parent.path).map((name) => join(parent.path, name));
    seen.push(await readRunRecord(folder));
    text = await readFile(join(folder, ".run.json"), "utf8");
    mode = (await stat(join(folder, ".run.json"))).mode & 0o777;
  };
  const restart = { attempts: 1, intervalMs: 60_000, delayMs: 0, mode: "fail" } as const;
  const task = sampleTask("only", "exit 1", { env: { PASSWORD: "s3cret" }, restart });
  await recordRun(sampleJob([sampleGroup([task])]), { parentPath: parent.path, onEvent });
  assert.deepEqual(
    seen.map((record) => record?.tasks.length),
    [1, 0, 1],
  );
  assert.match(seen[0]?.tasks[0]?.config.id ?? "", /\/only\/[0-9a-f]{8}$/);
  assert.deepEqual([mode, /s3cret|exit 1/.test(text)], [0o600, false]);
});
