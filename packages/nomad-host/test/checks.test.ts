import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { TaskDriver } from "@driver/nomad-plugin";

import type { Service, ServiceCheck, TaskGroup } from "../src/job/job.ts";
import type { RunEvent } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { createProcessDriver } from "./process-driver.ts";
import { inProcess, lives, recordRun } from "./record-run.ts";
import type { RecordedRun } from "./record-run.ts";
import { sampleCheck, sampleService } from "./sample-check.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

type Told = Extract<RunEvent, { kind: "check-status" }>;

/** Runs tasks until `isDone` says so of what the checks have told. */
async function runUntil(
  isDone: (told: readonly Told[], events: readonly RunEvent[]) => boolean,
  tasks: Parameters<typeof sampleGroup>[0],
  group: Partial<TaskGroup> = {},
): Promise<RecordedRun & { readonly told: readonly Told[] }> {
  await using folder = await emptyFolder();
  const stop = new AbortController();
  const [told, events]: [Told[], RunEvent[]] = [[], []];
  const onEvent = (event: RunEvent): void => {
    events.push(event);
    if (event.kind === "check-status") told.push(event);
    if (isDone(told, events)) stop.abort(new Error("seen"));
  };
  const job = sampleJob([sampleGroup(tasks, group)], { type: "service" });
  return { ...(await recordRun(job, { parentPath: folder.path, signal: stop.signal, onEvent })), told };
}

const scriptOf = (script: string, more: Partial<ServiceCheck> = {}): ServiceCheck =>
  sampleCheck("script", { command: "sh", args: ["-c", script], taskName: "only", ...more });
const consul = (name: string, checks: readonly ServiceCheck[], more: Partial<Service> = {}): Service =>
  sampleService(name, { provider: "consul", checks, ...more });
const statusesOf = (told: readonly Told[]): readonly string[] => told.map(({ status }) => status);
const policy = { attempts: 1, intervalMs: 600_000, delayMs: 0, mode: "fail" } as const;

test("a script in a task goes from passing to warning and critical, and only changes are told", async () => {
  const script = "n=$(cat local/n 2>/dev/null || echo 0); echo $((n + 1)) > local/n; echo $n; exit $((n / 3))";
  const task = sampleTask("only", "exec sleep 60", { services: [consul("web", [scriptOf(script)])] });
  const { told } = await runUntil((all) => all.length === 3, [task]);
  const place = { kind: "check-status", group: "group", allocIndex: 0, task: "only", service: "web", check: "alive" };
  assert.deepEqual(
    told,
    [
      { status: "passing", output: "0" },
      { status: "warning", output: "3" },
      { status: "critical", output: "6" },
    ].map((one) => ({ ...place, provider: "consul", mode: "healthiness", ...one })),
  );
});

test("a script of a group's service runs in the task that it names", async () => {
  const check = scriptOf('echo "$NOMAD_TASK_NAME"', { taskName: "second", isReadiness: true });
  const tasks = ["first", "second"].map((name) => sampleTask(name, "exec sleep 60"));
  const { told } = await runUntil((all) => all.length === 1, tasks, { services: [consul("web", [check])] });
  assert.deepEqual(
    told.map(({ task, output, mode }) => [task, output, mode]),
    [["second", "second", "readiness"]],
  );
});

test("a script that takes too long is critical", async () => {
  const check = scriptOf("exec sleep 60", { timeoutMs: 50 });
  const { told } = await runUntil((all) => all.length === 1, [sampleTask("only", "exec sleep 60", { services: [consul("web", [check])] })]);
  assert.deepEqual(
    told.map(({ status, output }) => [status, output]),
    [["critical", "no answer within 0.05 s"]],
  );
});

test("a group's check over TCP sees the port of a task come and go", async () => {
  const script = `exec ${process.execPath} -e '
    const server = require("net").createServer((socket) => {
      socket.resume();
      server.close();
    });
    server.listen(process.env.NOMAD_PORT_http, process.env.NOMAD_IP_http);
    setTimeout(() => undefined, 60000);'`;
  const network = { mode: "host", ports: [{ label: "http", position: { line: 1, column: 1 } }], position: { line: 1, column: 1 } };
  const services = [sampleService("web", { portLabel: "http", checks: [sampleCheck("tcp")] })];
  const isDone = (all: readonly Told[]): boolean => statusesOf(all).join().endsWith("passing,critical");
  const { told } = await runUntil(isDone, [sampleTask("only", script), sampleTask("other", "exec sleep 60")], { services, network });
  assert.deepEqual(statusesOf(told).slice(-2), ["passing", "critical"]);
  assert.deepEqual(told.at(-1)?.task, undefined);
});

test("check_restart restarts a task as after a failure, and the restart policy gives it up", async () => {
  const check = scriptOf("exit 2", { restart: { limit: 2, graceMs: 0, ignoresWarnings: false } });
  const task = sampleTask("only", "exec sleep 60", { restart: policy, services: [consul("web", [check])] });
  const run = await runUntil(() => false, [task]);
  assert.deepEqual(
    lives(run).map((life) => life.replace("only:", "")),
    ["starting", "running", "stopping", "exited", "restarting", "starting", "running", "stopping", "exited", "not-restarting"],
  );
  const reasons = run.events.flatMap((event) => (event.kind === "task-stopping" ? [event.reason] : []));
  assert.deepEqual(reasons, ['check "alive" is unhealthy', 'check "alive" is unhealthy']);
  assert.deepEqual([run.result.tasks[0]?.isFailed, run.result.tasks[0]?.restarts], [true, 1]);
  assert.notEqual(run.result.exitCode, 0);
});

test("check_restart leaves a task alone that is well in between, and warnings where they are ignored", async () => {
  const restart = { limit: 2, graceMs: 0, ignoresWarnings: true };
  const script = "[ -e local/x ] && rm local/x && exit 0; touch local/x; exit 2";
  const flapping = scriptOf(script, { restart, intervalMs: 1_200, name: "flapping" });
  const warning = scriptOf("exit 1", { restart, name: "warning" });
  const services = [consul("web", [flapping, warning])];
  const task = sampleTask("only", "sleep 4; exit 0", { restart: { ...policy, attempts: 0 }, services });
  const run = await runUntil(() => false, [task]);
  assert.deepEqual(
    lives(run).filter((life) => life === "only:stopping"),
    [],
  );
});

test("check_restart of a group's service restarts all its tasks that run", async () => {
  const check = scriptOf("exit 2", { restart: { limit: 1, graceMs: 0, ignoresWarnings: false } });
  const tasks = [
    sampleTask("only", "exec sleep 60", { restart: policy }),
    sampleTask("beside", "exec sleep 60", { restart: policy }),
    sampleTask("before", "exit 0", { lifecycle: { hook: "prestart", sidecar: false } }),
  ];
  const hasBoth = (_: readonly Told[], events: readonly RunEvent[]): boolean =>
    new Set(events.flatMap((event) => (event.kind === "task-restarting" ? [event.task] : []))).size === 2;
  const run = await runUntil(hasBoth, tasks, { services: [consul("web", [check])] });
  const restarted = run.events.flatMap((event) => (event.kind === "task-restarting" ? [event.task] : []));
  assert.deepEqual(restarted.toSorted(), ["beside", "only"]);
});

test("check_restart waits for the grace after each start", async () => {
  const check = scriptOf("exit 2", { restart: { limit: 1, graceMs: 3_000, ignoresWarnings: false } });
  const task = sampleTask("only", "sleep 2; exit 0", { restart: { ...policy, attempts: 0 }, services: [consul("web", [check])] });
  const run = await runUntil(() => false, [task]);
  assert.deepEqual(
    lives(run).filter((life) => life === "only:stopping"),
    [],
  );
});

test("no script is run in a task that has ended, however long its removal takes", async () => {
  await using folder = await emptyFolder();
  const plain = createProcessDriver();
  let [scripts, isRemoved, late] = [0, false, 0];
  const driver: TaskDriver = {
    ...plain,
    execTask: (...call) => {
      if (isRemoved) late += 1;
      scripts += 1;
      return plain.execTask(...call);
    },
    destroyTask: async (...call) => {
      isRemoved = true;
      await plain.destroyTask(...call);
      // Many times the interval of the check.
      await sleep(500);
    },
  };
  const stop = new AbortController();
  const job = sampleJob([sampleGroup([sampleTask("only", "exec sleep 60", { services: [consul("web", [scriptOf("exit 0")])] })])]);
  const onEvent = ({ kind }: RunEvent): void => (kind === "check-status" ? stop.abort(new Error("seen")) : undefined);
  const run = await recordRun(job, { parentPath: folder.path, launch: inProcess(driver), signal: stop.signal, onEvent });
  assert.deepEqual([scripts > 0, late, run.events.filter(({ kind }) => kind === "check-status").length], [true, 0, 1]);
});

test("checks end with their tasks, in the middle of a script, too", async () => {
  const check = scriptOf("touch local/begun; exec sleep 60");
  const more = { services: [consul("web", [check])], restart: { ...policy, attempts: 0 } };
  const task = sampleTask("only", "while ! [ -e local/begun ]; do sleep 0.05; done", more);
  const { told, result } = await runUntil(() => false, [task]);
  assert.deepEqual([told, result.tasks.length], [[], 1]);
});

/** When it is told to stop, it ends a while after the script below, which it waits for a second. */
const lingering = `linger() {
  touch local/stopping
  for i in 1 2 3 4 5 6 7 8 9 10; do [ -e local/ended ] && sleep 1 && exit 0; sleep 0.1; done
  exit 0
}
trap linger TERM
while :; do sleep 0.02; done`;

/** Fails when the task is told to stop. */
const untilStopped = "touch local/begun; until [ -e local/stopping ]; do sleep 0.02; done; touch local/ended; exit 2";

test("what a script finds while its task is stopped is not told", async () => {
  const checks = [scriptOf(untilStopped, { timeoutMs: 60_000, name: "waits" }), scriptOf("[ -e local/begun ]", { name: "begun" })];
  const hasBegun = (told: readonly Told[]): boolean => told.some(({ status }) => status === "passing");
  const { told, result } = await runUntil(hasBegun, [sampleTask("only", lingering, { services: [consul("web", checks)] })]);
  assert.deepEqual(
    told.filter(({ check }) => check === "waits"),
    [],
  );
  assert.deepEqual(
    result.tasks.map(({ isStoppedByHost }) => isStoppedByHost),
    [true],
  );
});
