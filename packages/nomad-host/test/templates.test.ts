import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { TaskDriver } from "@driver/nomad-plugin";

import type { TaskArtifact, TaskTemplate, TemplateChange } from "../src/job/job.ts";
import type { RunEvent } from "../src/run/run-event.ts";
import { VariableStore } from "../src/run/variables/variable-store.ts";
import { emptyFolder } from "./empty-folder.ts";
import { createProcessDriver } from "./process-driver.ts";
import { inProcess, lives, recordRun } from "./record-run.ts";
import type { RecordOptions, RecordedRun } from "./record-run.ts";
import { sampleService } from "./sample-check.ts";
import { sampleGroup, sampleJob, sampleTask, sampleTemplate } from "./sample-job.ts";

const position = { line: 1, column: 1 };

async function run(tasks: Parameters<typeof sampleGroup>[0], more: Partial<RecordOptions> = {}, group = {}): Promise<RecordedRun> {
  await using folder = await emptyFolder();
  return await recordRun(sampleJob([sampleGroup(tasks, group)]), { parentPath: folder.path, ...more });
}

test("a template finds the task's environment and Nomad's variables", async () => {
  const text = '{{ env "NOMAD_TASK_NAME" }} {{ env "MINE" }} {{ with nomadVar "nomad/jobs/x" }}{{ .user }}{{ end }}\n';
  const task = sampleTask("only", "cat local/x", { templates: [sampleTemplate("local/x", text)], env: { MINE: "${NOMAD_JOB_NAME}" } });
  const done = await run([task], { variables: new VariableStore(new Map([["nomad/jobs/x", { user: "Ada" }]])) });
  assert.equal(done.log("only", "stdout").toString(), "only sample Ada\n");
});

test("bytes that are no UTF-8 are written as they are, from a string, a decoded text and a source", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "bytes-"));
  t.after(() => rm(folder, { recursive: true }));
  const bytes = Buffer.from([1, 0xff, 0xc3, 0x28, 0xf0, 0x9f, 0x98, 0x80, 0x80, 0]);
  const source = join(folder, "bytes");
  await writeFile(source, bytes);
  const artifact: TaskArtifact = {
    ...{ source, options: {}, headers: {}, destination: "local/in" },
    ...{ mode: "file", isInsecure: false, isOwnedByUser: false, position },
  };
  const text = `{{ base64Decode "${bytes.toString("base64")}" }}{{ "\\377" }}{{ printf "%s%s" "\\xc3" "\\xa9" }}`;
  const templates = [sampleTemplate("local/x", text), sampleTemplate("local/y", "", { source: "local/in" })];
  const done = await run([sampleTask("only", "od -An -v -tx1 local/x local/y", { templates, artifacts: [artifact] })]);
  const wanted = Buffer.concat([bytes, Buffer.from([0xff, 0xc3, 0xa9]), bytes]);
  assert.equal(done.log("only", "stdout").toString().replaceAll(/\s/g, ""), wanted.toString("hex"));
});

test("a variable that nobody gave is told with its place, before anything starts", async () => {
  const template = sampleTemplate("local/x", 'a\n{{ (nomadVar "nomad/jobs/x").y }}', { position: { line: 9, column: 4 } });
  const message =
    'template "local/x", line 2 of its text: nomadVar: there is no variable "nomad/jobs/x"; ' +
    "give it with -nomad-var nomad/jobs/x=KEY=VALUE";
  await assert.rejects(run([sampleTask("only", "true", { templates: [template] })]), {
    code: "job-invalid",
    message,
    position: { line: 9, column: 4 },
  });
});

test("variables of a rendered template reach the environment", async () => {
  const templates = [
    sampleTemplate("secrets/env", '{{ range $k, $v := nomadVar "x" }}{{ $k }}={{ $v | toJSON }}\n{{ end }}', { env: true }),
  ];
  const variables = new VariableStore(new Map([["x", { A: "1 2", B: "3" }]]));
  const done = await run([sampleTask("only", "echo $A-$B", { templates })], { variables });
  assert.equal(done.log("only", "stdout").toString(), "1 2-3\n");
});

test("a source is read from the task's folder when the task starts", async () => {
  const artifact: TaskArtifact = {
    ...{ source: import.meta.filename, options: {}, headers: {}, destination: "local/in.tpl" },
    ...{ mode: "file", isInsecure: false, isOwnedByUser: false, position },
  };
  const templates = [sampleTemplate("local/out", "", { source: "local/in.tpl", delimiters: { left: "[<[", right: "]>]" } })];
  const done = await run([sampleTask("only", "head -n 1 local/out", { templates, artifacts: [artifact] })]);
  assert.equal(done.log("only", "stdout").toString(), 'import assert from "node:assert/strict";\n');
});

for (const source of ["local/none", "../../etc/passwd"]) {
  test(`the source ${source} fails the task, and says why`, async () => {
    const done = await run([sampleTask("only", "true", { templates: [sampleTemplate("local/x", "", { source })] })]);
    assert.equal(done.result.exitCode, 1);
    const failed = done.events.find(({ kind }) => kind === "task-failed");
    assert.deepEqual(failed, {
      ...{ kind: "task-failed", group: "group", allocIndex: 0, task: "only" },
      message: `template: the source ${JSON.stringify(source)} is no file in the task's folder`,
    });
  });
}

test("services of the run are found by their names, with their ports", async () => {
  const text = '{{ range nomadService "web" }}{{ .Name }} {{ .Address }}:{{ .Port }} {{ .Tags | join "+" }}\n{{ end }}';
  const task = sampleTask("only", "cat local/x", { templates: [sampleTemplate("local/x", text)] });
  const network = { mode: "host", ports: [{ label: "http", position }], position };
  const web = sampleService("web", { portLabel: "http", tags: ["a", "${NOMAD_JOB_NAME}"] });
  const services = [web, sampleService("other", { provider: "consul" })];
  const done = await run([task], {}, { network, services });
  const allocation = done.events.find((event) => event.kind === "allocation");
  assert.ok(allocation !== undefined);
  assert.equal(done.log("only", "stdout").toString(), `web 127.0.0.1:${allocation.ports[0]?.hostPort} a+sample\n`);
});

/** What a script says when it is far enough for another service to come. */
const isReady = "touch ../alloc/data/ready";

/** Two tasks: `late` brings a service once `watcher`, whose template tells how many there are, has said that it is ready. */
async function watchChange(change: TemplateChange, script: string, more: Partial<TaskTemplate> = {}): Promise<RecordedRun> {
  const driver = createProcessDriver();
  const patient: TaskDriver = {
    ...driver,
    startTask: async (config, signal) => {
      while (config.name === "late" && !existsSync(join(config.allocDir, "alloc", "data", "ready"))) await sleep(10, undefined, { signal });
      return driver.startTask(config, signal);
    },
  };
  const template = sampleTemplate("local/x", '{{ len (nomadService "late") }}\n', { change, ...more });
  const watcher = sampleTask("watcher", script, { templates: [template], leader: true });
  const late = sampleTask("late", "exec sleep 60", { services: [sampleService("late")], lifecycle: { hook: "poststart", sidecar: true } });
  return run([watcher, late], { launch: inProcess(patient) });
}

const untilOne = "while [ $(cat local/x) != 1 ]; do sleep 0.05; done";
const plain: TemplateChange = { mode: "noop", signal: "", splayMs: 0 };

function toldAgain({ events }: RecordedRun): readonly RunEvent[] {
  return events.filter((event) => event.kind === "task-event" && event.message === "rendered again: local/x");
}

test("with noop the file changes, and nothing else", async () => {
  const done = await watchChange(plain, `cat local/x; ${isReady}; ${untilOne}; cat local/x`);
  assert.equal(done.log("watcher", "stdout").toString(), "0\n1\n");
  assert.equal(toldAgain(done).length, 1);
});

test("with restart the task starts again, whatever its restart block says", async () => {
  const done = await watchChange({ ...plain, mode: "restart" }, `cat local/x; ${isReady}; [ $(cat local/x) = 1 ] || exec sleep 60`);
  assert.equal(done.log("watcher", "stdout").toString(), "0\n1\n");
  assert.deepEqual(
    lives(done).filter((life) => life.startsWith("watcher:") && life !== "watcher:event"),
    ["starting", "running", "stopping", "exited", "starting", "running", "exited"].map((life) => `watcher:${life}`),
  );
  assert.equal(done.result.exitCode, 0);
});

test("with signal the task gets it", async () => {
  const script = `trap 'echo got; cat local/x; exit 0' USR1; ${isReady}; while :; do sleep 0.05; done`;
  const done = await watchChange({ ...plain, mode: "signal", signal: "SIGUSR1" }, script);
  assert.equal(done.log("watcher", "stdout").toString(), "got\n1\n");
});

test("with script the command runs in the task", async () => {
  const script = { command: "sh", args: ["-c", "cp local/x local/seen"], timeoutMs: 5_000, failsTask: false };
  const command = `${isReady}; while [ ! -s local/seen ]; do sleep 0.05; done; cat local/seen`;
  const done = await watchChange({ ...plain, mode: "script", script }, command);
  assert.equal(done.log("watcher", "stdout").toString(), "1\n");
});

test("a script that fails is told, and ends the task where it is to", async () => {
  const script = { command: "sh", args: ["-c", "exit 3"], timeoutMs: 5_000, failsTask: true };
  const done = await watchChange({ ...plain, mode: "script", script }, `${isReady}; exec sleep 60`);
  assert.ok(done.events.some((event) => event.kind === "note" && event.message === "watcher: change_script sh failed: exit code 3"));
  assert.equal(done.result.tasks.find(({ task }) => task === "watcher")?.isFailed, true);
});

test("a variable that changes while the task runs is in the file again, and one that is gone is told", async () => {
  const variables = new VariableStore(new Map([["x", { a: "0" }]]));
  const template = sampleTemplate("local/x", '{{ with nomadVar "x" }}{{ .a }}{{ end }}\n', { change: plain });
  const task = sampleTask("only", `${untilOne}; sleep 60`, { templates: [template] });
  const stop = new AbortController();
  const onEvent = (event: RunEvent): void => {
    if (event.kind === "task-running") variables.replace(new Map([["x", { a: "1" }]]));
    if (event.kind === "task-event") variables.replace(new Map());
    if (event.kind === "note") stop.abort(new Error("seen"));
  };
  const done = await run([task], { variables, onEvent, signal: stop.signal });
  assert.equal(toldAgain(done).length, 1);
  const notes = done.events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
  assert.match(notes.join("\n"), /^only: its templates could not be rendered: .*there is no variable "x"/);
});

test("a template that is rendered once stays as it is", async () => {
  const done = await watchChange({ ...plain, mode: "restart" }, `${isReady}; sleep 0.5; cat local/x`, { isOnce: true });
  assert.equal(toldAgain(done).length, 0);
});
