import assert from "node:assert/strict";
import { mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { toProcessMark } from "@driver/go-plugin";

import type { RunEvent } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { lives, recordRun } from "./record-run.ts";
import { configBody, sampleGroup, sampleJob, sampleTask, sampleTemplate } from "./sample-job.ts";

test("delivers both streams exactly, and leaves nothing", async () => {
  await using folder = await emptyFolder();
  const script = "head -c 1000000 /dev/zero; printf 'no newline'; printf 'bad\\377\\n' >&2";
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", script)])]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 0);
  assert.deepEqual(run.log("only", "stdout"), Buffer.concat([Buffer.alloc(1_000_000), Buffer.from("no newline")]));
  assert.deepEqual(run.log("only", "stderr"), Buffer.from("bad\xff\n", "latin1"));
});

const exits: readonly (readonly [string, number])[] = [
  ["exit 0", 0],
  ["exit 3", 3],
  ["exit 137", 137],
  ["kill -9 $$", 137],
  ["refuse", 1],
];

for (const [script, exitCode] of exits) {
  test(`a task that does "${script}" makes the run's exit code ${exitCode}`, async () => {
    await using folder = await emptyFolder();
    const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", script)])]), { parentPath: folder.path });
    assert.equal(run.result.exitCode, exitCode);
  });
}

test("says what the driver said when a task cannot start", async () => {
  await using folder = await emptyFolder();
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", "refuse")])]), { parentPath: folder.path });
  const name = { group: "group", allocIndex: 0, task: "only" };
  assert.deepEqual(run.events.slice(-2), [
    { kind: "task-failed", ...name, message: "start refused as asked" },
    { kind: "task-not-restarting", ...name, reason: "no-attempts-allowed", attempts: 0, intervalMs: 1_000 },
  ]);
});

test("runs prestart tasks to their end before main tasks, and sidecars beside them", async () => {
  await using folder = await emptyFolder();
  const tasks = [
    sampleTask("main", "exit 0"),
    sampleTask("sidecar", "exec sleep 60", { lifecycle: { hook: "prestart", sidecar: true } }),
    sampleTask("prepare", "exit 0", { lifecycle: { hook: "prestart", sidecar: false } }),
  ];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 0);
  const order = lives(run);
  assert(order.indexOf("prepare:exited") < order.indexOf("main:starting"), order.join());
  assert(order.indexOf("sidecar:running") < order.indexOf("main:starting"), order.join());
  assert.deepEqual(order.slice(-3), ["main:exited", "sidecar:stopping", "sidecar:exited"]);
});

test("a prestart task that fails keeps the main task from starting", async () => {
  await using folder = await emptyFolder();
  const tasks = [
    sampleTask("prepare", "exit 4", { lifecycle: { hook: "prestart", sidecar: false } }),
    sampleTask("sidecar", "exec sleep 60", { lifecycle: { hook: "prestart", sidecar: true } }),
    sampleTask("main", "exit 0"),
  ];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 4);
  assert.deepEqual(
    lives(run).filter((life) => life.startsWith("main")),
    [],
  );
});

test("a main task that fails stops the others of its group", async () => {
  await using folder = await emptyFolder();
  const tasks = [sampleTask("long", "exec sleep 60"), sampleTask("bad", "exit 5")];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 5);
  const stopped = run.result.tasks.find(({ task }) => task === "long");
  assert.equal(stopped?.isStoppedByHost, true);
});

test("the end of the leader stops the rest, and its exit code counts", async () => {
  await using folder = await emptyFolder();
  const tasks = [sampleTask("follower", "exec sleep 60"), sampleTask("leader", "exit 0", { leader: true })];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 0);
  assert.deepEqual(
    run.result.tasks.map(({ task }) => task),
    ["leader", "follower"],
  );
});

/** Aborts once a task has written `text`. */
function abortOn(text: string, abort: () => void): (event: RunEvent) => void {
  return (event) => {
    if (event.kind === "task-log" && Buffer.from(event.data).includes(text)) abort();
  };
}

test("an interrupt sends the kill signal, waits for the task's own end, and gives 130", async () => {
  await using folder = await emptyFolder();
  const stop = new AbortController();
  const task = sampleTask("only", "trap 'echo bye; exit 0' USR1; echo ready; while :; do sleep 0.1; done", { killSignal: "SIGUSR1" });
  const onEvent = abortOn("ready", () => stop.abort(new Error("interrupted")));
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, signal: stop.signal, onEvent });
  assert.equal(run.result.exitCode, 130);
  assert.equal(run.log("only", "stdout").toString(), "ready\nbye\n");
});

test("a second interrupt ends the waiting for a task that does not stop", async () => {
  await using folder = await emptyFolder();
  const stop = new AbortController();
  const kill = new AbortController();
  const task = sampleTask("only", "trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done", { killTimeoutMs: 600_000 });
  const onReady = abortOn("ready", () => stop.abort(new Error("interrupted")));
  const onRefusal = abortOn("no", () => kill.abort(new Error("interrupted again")));
  const run = await recordRun(sampleJob([sampleGroup([task])]), {
    parentPath: folder.path,
    signal: stop.signal,
    killSignal: kill.signal,
    onEvent: (event) => {
      onReady(event);
      onRefusal(event);
    },
  });
  assert.deepEqual([run.result.exitCode, run.result.tasks[0]?.result?.signal], [130, 9]);
});

test("a task that ignores its kill signal is killed after the kill timeout", async () => {
  await using folder = await emptyFolder();
  const tasks = [
    sampleTask("leader", "until [ -e ../alloc/data/deaf ]; do sleep 0.02; done", { leader: true }),
    sampleTask("deaf", "trap '' TERM; touch ../alloc/data/deaf; while :; do sleep 0.1; done", { killTimeoutMs: 100 }),
  ];
  const run = await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path });
  assert.deepEqual([run.result.exitCode, run.result.tasks[1]?.result?.signal], [0, 9]);
});

test("runs all groups and all copies at once, each with its own allocation", async () => {
  await using folder = await emptyFolder();
  const groups = [
    sampleGroup([sampleTask("a", "echo $NOMAD_ALLOC_NAME")], { name: "one", count: 2 }),
    sampleGroup([sampleTask("b", "exit 0")], { name: "two" }),
  ];
  const run = await recordRun(sampleJob(groups), { parentPath: folder.path });
  assert.deepEqual(run.result.tasks.map(({ group, allocIndex, task }) => `${group}[${allocIndex}]/${task}`).sort(), [
    "one[0]/a",
    "one[1]/a",
    "two[0]/b",
  ]);
  assert.deepEqual(run.log("a", "stdout").toString().trim().split("\n").sort(), ["sample.one[0]", "sample.one[1]"]);
});

test("lays the folders out as Nomad does, and writes templates", async () => {
  await using folder = await emptyFolder();
  const template = sampleTemplate("local/conf/a", "from a template\n", { perms: "0640" });
  const modes = [
    ["local/conf/a", "640"],
    [".", "777"],
    ["local", "777"],
    ["secrets", "777"],
    ["tmp", "1777"],
    ["../alloc", "777"],
    ["../alloc/data", "777"],
    ["../alloc/logs", "777"],
    ["../alloc/tmp", "1777"],
    ["../alloc/logs/.only.stdout.fifo", "600"],
  ] as const;
  const script = `cat local/conf/a; stat -c '%n %a' ${modes.map(([path]) => path).join(" ")}`;
  const task = sampleTask("only", script, { templates: [template] });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  const listing = modes.map(([path, mode]) => `${path} ${mode}\n`).join("");
  assert.equal(run.log("only", "stdout").toString(), `from a template\n${listing}`);
});

test("a slow reader loses nothing", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", "yes 0123456789abcdef | head -c 2000000");
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, onEvent: () => setImmediate() });
  assert.equal(run.log("only", "stdout").length, 2_000_000);
});

test("makes no FIFOs when the job wants no logs", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", "ls -A ../alloc/logs | wc -l > local/count; [ $(cat local/count) = 0 ]", {
    logs: { maxFiles: 1, maxFileSizeMb: 1, disabled: true },
  });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 0);
});

test("a job is interpolated with what the driver says about itself", async () => {
  await using folder = await emptyFolder();
  const task = sampleTask("only", "", {
    config: configBody({ script: "echo ${attr.driver.process.shell} ${NOMAD_TASK_NAME} ${env.MINE}" }),
    env: { MINE: "${attr.kernel.name}" },
  });
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path });
  assert.equal(run.log("only", "stdout").toString(), "sh only linux\n");
});

test("a rootless engine can walk through the run's folder, and not list it", async () => {
  await using folder = await emptyFolder();
  const modes: Promise<number>[] = [];
  await recordRun(sampleJob([sampleGroup([sampleTask("only", "pwd")])]), {
    parentPath: folder.path,
    onEvent: (event) => {
      if (event.kind !== "task-log") return;
      const alloc = join(Buffer.from(event.data).toString().trim(), "..");
      modes.push(
        stat(alloc).then(({ mode }) => mode & 0o777),
        stat(join(alloc, "..")).then(({ mode }) => mode & 0o777),
      );
    },
  });
  assert.deepEqual(await Promise.all(modes), [0o711, 0o711]);
});

test("folders of runs that were killed are named", async () => {
  await using folder = await emptyFolder();
  const mark = toProcessMark(process.pid).replace(/-\d+-/, "-1-");
  const left = join(folder.path, `nomad-run-${mark}-aaaaaa`);
  await mkdir(left);
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", "exit 0")])]), { parentPath: folder.path });
  await rmdir(left);
  const message = `left behind by runs that were killed, perhaps with tasks that still run, and removed with -clean: ${left}`;
  assert.deepEqual(run.events[0], { kind: "note", message });
});
