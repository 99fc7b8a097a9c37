import assert from "node:assert/strict";
import { test } from "node:test";

import type { Task } from "../src/job/job.ts";
import type { RunListener } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { lives, recordRun } from "./record-run.ts";
import type { RecordedRun, RecordOptions } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

type Hook = "prestart" | "poststart" | "poststop";

/** A task in a hook, named like it. */
function hooked(hook: Hook, script: string, sidecar = false): Task {
  return sampleTask(sidecar ? `${hook}-sidecar` : hook, script, { lifecycle: { hook, sidecar } });
}

async function runTasks(tasks: Task[], options: Omit<RecordOptions, "parentPath"> = {}): Promise<RecordedRun> {
  await using folder = await emptyFolder();
  return await recordRun(sampleJob([sampleGroup(tasks)]), { parentPath: folder.path, ...options });
}

function assertOrder(run: RecordedRun, ...wanted: readonly string[]): void {
  const order = lives(run);
  assert.deepEqual(
    order.filter((event) => wanted.includes(event)),
    wanted,
  );
}

const forEver = "exec sleep 60";
/** Ends when a poststart task says so. */
const untilTold = "until [ -e ../alloc/data/go ]; do sleep 0.02; done";

test("goes through all hooks in Nomad's order", async () => {
  const run = await runTasks([
    hooked("poststop", "echo after"),
    hooked("poststart", "touch ../alloc/data/go"),
    hooked("poststart", forEver, true),
    sampleTask("main", untilTold),
    hooked("prestart", forEver, true),
    hooked("prestart", "exit 0"),
  ]);
  assert.equal(run.result.exitCode, 0);
  assertOrder(run, "prestart:exited", "main:running", "poststart:starting", "main:exited", "poststop:starting", "poststop:exited");
  const order = lives(run);
  for (const sidecar of ["prestart-sidecar", "poststart-sidecar"]) {
    assert(order.indexOf(`${sidecar}:stopping`) > order.indexOf("main:exited"), order.join());
    assert(order.indexOf(`${sidecar}:exited`) < order.indexOf("poststop:starting"), order.join());
  }
});

test("poststart tasks start even when the main tasks have ended already, and the group waits for them", async () => {
  const run = await runTasks([sampleTask("main", "exit 0"), hooked("poststart", "sleep 0.2; echo late")]);
  assert.equal(run.log("poststart", "stdout").toString(), "late\n");
  assert.equal(run.result.exitCode, 0);
});

test("a poststart task that fails stops the others, and its exit code counts", async () => {
  const run = await runTasks([sampleTask("main", forEver), hooked("poststart", "exit 6"), hooked("poststop", "echo after")]);
  assert.equal(run.result.exitCode, 6);
  assertOrder(run, "poststart:exited", "main:stopping", "main:exited", "poststop:exited");
});

const failures: readonly (readonly [string, Task[]])[] = [
  ["the main task failed", [sampleTask("main", "exit 4")]],
  ["a prestart task failed, and nothing else ever started", [hooked("prestart", "exit 4"), sampleTask("main", "exit 0")]],
  ["the main task could not start", [sampleTask("main", "refuse")]],
];

for (const [what, tasks] of failures) {
  test(`poststop tasks run when ${what}`, async () => {
    const run = await runTasks([...tasks, hooked("poststop", "echo after")]);
    assert.equal(run.log("poststop", "stdout").toString(), "after\n");
    assert.equal(run.result.exitCode, what.includes("could not") ? 1 : 4);
  });
}

test("a poststop task that fails makes the run fail", async () => {
  const run = await runTasks([sampleTask("main", "exit 0"), hooked("poststop", "exit 8")]);
  assert.equal(run.result.exitCode, 8);
});

test("poststart tasks do not start when a main task could not", async () => {
  const run = await runTasks([sampleTask("main", "refuse"), hooked("poststart", "exit 0")]);
  assert.deepEqual(
    lives(run).filter((life) => life.startsWith("poststart")),
    [],
  );
});

test("the end of the leader stops main, poststart and sidecars, and lets poststop run", async () => {
  const run = await runTasks([
    sampleTask("leader", untilTold, { leader: true }),
    sampleTask("main", forEver),
    hooked("prestart", forEver, true),
    hooked("poststart", `touch ../alloc/data/go; ${forEver}`),
    hooked("poststop", "exit 0"),
  ]);
  assert.equal(run.result.exitCode, 0);
  assertOrder(run, "leader:exited", "main:stopping", "prestart-sidecar:stopping", "poststop:exited");
  assertOrder(run, "poststart:stopping", "prestart-sidecar:stopping");
});

/** Sends interrupts: the nth one when an event matches the nth test. */
function interruptOn(...triggers: readonly ((life: string) => boolean)[]): Pick<RecordOptions, "signal" | "killSignal" | "onEvent"> {
  const stop = new AbortController();
  const kill = new AbortController();
  const waiting = [...triggers];
  const onEvent: RunListener = (event) => {
    const life = event.kind === "task-log" ? `${event.task}:log` : "task" in event ? `${event.task}:${event.kind}` : event.kind;
    if (waiting[0]?.(life) !== true) return;
    waiting.shift();
    if (stop.signal.aborted) kill.abort(new Error("interrupted again"));
    else stop.abort(new Error("interrupted"));
  };
  return { signal: stop.signal, killSignal: kill.signal, onEvent };
}

const ready = `echo ready; ${forEver}`;

test("an interrupt stops the main task and lets the poststop task run to its end", async () => {
  const tasks = [sampleTask("main", ready), hooked("poststop", "sleep 0.1; echo after")];
  const run = await runTasks(
    tasks,
    interruptOn((life) => life === "main:log"),
  );
  assert.deepEqual([run.result.exitCode, run.log("poststop", "stdout").toString()], [130, "after\n"]);
});

test("a second interrupt kills the poststop task", async () => {
  const tasks = [sampleTask("main", ready), hooked("poststop", `trap '' TERM; ${ready}`)];
  const run = await runTasks(
    tasks,
    interruptOn(
      (life) => life === "main:log",
      (life) => life === "poststop:log",
    ),
  );
  const poststop = run.result.tasks.find(({ task }) => task === "poststop");
  assert.deepEqual([run.result.exitCode, poststop?.isStoppedByHost, poststop?.result?.signal], [130, true, 9]);
});

test("a first interrupt while poststop tasks run stops them in order", async () => {
  const tasks = [
    sampleTask("main", "exit 0"),
    hooked("poststop", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done"),
  ];
  const run = await runTasks(
    tasks,
    interruptOn((life) => life === "poststop:log"),
  );
  assert.deepEqual([run.result.exitCode, run.log("poststop", "stdout").toString()], [130, "ready\nbye\n"]);
});

test("poststop tasks do not run when everything was to be killed, and the run says so", async () => {
  const tasks = [
    sampleTask("main", `trap 'echo no' TERM; echo ready; while :; do sleep 0.02; done`, { killTimeoutMs: 600_000 }),
    hooked("poststop", "exit 0"),
  ];
  const isLog = (life: string): boolean => life === "main:log";
  const run = await runTasks(tasks, interruptOn(isLog, isLog));
  assert.equal(run.result.exitCode, 130);
  assert.deepEqual(
    run.events.flatMap((event) => (event.kind === "note" ? [event.message] : [])),
    ["the poststop tasks do not run: everything was to be killed"],
  );
});

test("a group without a main task does what is there in turn", async () => {
  const run = await runTasks([hooked("poststop", "echo after"), hooked("poststart", "exit 0"), hooked("prestart", "exit 0")]);
  assert.equal(run.result.exitCode, 0);
  assertOrder(run, "prestart:exited", "poststart:starting", "poststart:exited", "poststop:starting", "poststop:exited");
  const alone = await runTasks([hooked("poststop", "exit 0")]);
  assert.deepEqual([alone.result.exitCode, lives(alone)], [0, ["poststop:starting", "poststop:running", "poststop:exited"]]);
});

test("sidecars that nothing runs beside do not start, and those beside a prestart task end with it", async () => {
  const idle = await runTasks([hooked("prestart", forEver, true), hooked("poststart", forEver, true), hooked("poststop", "exit 0")]);
  assert.deepEqual([idle.result.exitCode, lives(idle)], [0, ["poststop:starting", "poststop:running", "poststop:exited"]]);
  const beside = await runTasks([hooked("prestart", "exit 0"), hooked("prestart", forEver, true), hooked("poststart", forEver, true)]);
  assert.equal(beside.result.exitCode, 0);
  assertOrder(beside, "prestart-sidecar:stopping", "prestart-sidecar:exited");
  assert(!lives(beside).some((event) => event.startsWith("poststart")), lives(beside).join());
});
