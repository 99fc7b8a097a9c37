import assert from "node:assert/strict";
import { test } from "node:test";

import type { Job, JobParameters } from "../src/job/job.ts";
import { dispatchJob, periodicJob } from "../src/run/launch/derive-job.ts";
import type { Dispatch } from "../src/run/launch/derive-job.ts";
import { launchJob } from "../src/run/launch/launch-job.ts";
import type { RunEvent } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { createProcessDriver } from "./process-driver.ts";
import { inProcess } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

const position = { line: 3, column: 3 };
const now = new Date("2026-11-29T17:00:00Z");
const plain: JobParameters = { payload: "optional", metaRequired: [], metaOptional: [], position };

function parameterized(parameters: Partial<JobParameters>, changes: Partial<Job> = {}): Job {
  return sampleJob([], { parameters: { ...plain, ...parameters }, ...changes });
}

test("a dispatched job has an id, a parent, its meta and its payload", () => {
  const job = parameterized({ metaRequired: ["a"], metaOptional: ["b", "c"] }, { meta: { a: "0", c: "1", d: "2" } });
  const payload = Buffer.from("x");
  const dispatched = dispatchJob(job, { payload, meta: { a: "9" } }, now);
  assert.match(dispatched.id, /^sample\/dispatch-1795971600-[0-9a-f]{8}$/);
  const { name, parentId, meta, parameters } = dispatched;
  assert.deepEqual(
    { name, parentId, meta, parameters },
    { name: dispatched.id, parentId: "sample", meta: { a: "9", b: "", c: "1", d: "2" }, parameters: undefined },
  );
  assert.equal(dispatched.payload, payload);
});

const refused: readonly (readonly [parameters: Partial<JobParameters>, dispatch: Partial<Dispatch>, message: RegExp])[] = [
  [{ payload: "required" }, {}, /^parameterized: a payload is required; give it with -payload FILE$/],
  [{ payload: "required" }, { payload: Buffer.from("") }, /a payload is required/],
  [{ payload: "forbidden" }, { payload: Buffer.from("x") }, /^parameterized: this job takes no payload$/],
  [{}, { payload: Buffer.alloc(16_385) }, /^parameterized: the payload has 16385 bytes, and may have 16384$/],
  [{ metaRequired: ["a", "b"] }, { meta: { a: "1" } }, /^parameterized: meta is required: b; give it with -meta b=VALUE$/],
  [{ metaOptional: ["a"] }, { meta: { c: "1" } }, /^parameterized: this job does not take the meta c; known are a$/],
  [{}, { meta: { c: "1" } }, /does not take the meta c; it takes none$/],
];

for (const [parameters, dispatch, message] of refused) {
  test(`a dispatch is refused: ${message.source}`, () => {
    const given = { payload: undefined, meta: {}, ...dispatch };
    assert.throws(() => dispatchJob(parameterized(parameters), given, now), { code: "job-invalid", message, position });
  });
}

test("a job that is not parameterized takes no dispatch", () => {
  const message = /^the job has no parameterized block/;
  assert.throws(() => dispatchJob(sampleJob([]), { payload: undefined, meta: { a: "1" } }, now), { message });
  assert.throws(() => dispatchJob(sampleJob([]), { payload: Buffer.from("x"), meta: {} }, now), { message });
});

test("a launch of a periodic job is named by its time", () => {
  const job = sampleJob([], { periodic: { isEnabled: true, crons: [], timeZone: "UTC", prohibitsOverlap: false, position } });
  const { id, parentId, periodic } = periodicJob(job, now);
  assert.deepEqual([id, parentId, periodic], ["sample/periodic-1795971600", "sample", undefined]);
});

/** Runs a job that is launched each second until `enough` says so, and returns what was told. */
async function launchEachSecond(
  script: string,
  options: { readonly prohibitsOverlap: boolean; readonly enough: (event: RunEvent) => boolean },
): Promise<{ readonly events: readonly RunEvent[]; readonly exitCode: number }> {
  await using folder = await emptyFolder();
  const stop = new AbortController();
  const events: RunEvent[] = [];
  const periodic = { isEnabled: true, crons: ["* * * * * * *"], timeZone: "UTC", prohibitsOverlap: options.prohibitsOverlap, position };
  const notes = [{ message: "told once", position }];
  const { exitCode } = await launchJob(sampleJob([sampleGroup([sampleTask("only", script)])], { periodic, notes }), {
    launch: inProcess(createProcessDriver()),
    parentPath: folder.path,
    hostIp: "127.0.0.1",
    on: (event) => {
      events.push(event);
      if (options.enough(event)) stop.abort(new Error("interrupted"));
    },
    signal: stop.signal,
    killSignal: new AbortController().signal,
  });
  return { events, exitCode };
}

test("a periodic job is launched at each of its times, until the run is stopped", async () => {
  let count = 0;
  const isSecond = ({ kind }: RunEvent): boolean => kind === "task-exited" && (count += 1) === 2;
  const { events, exitCode } = await launchEachSecond("echo $NOMAD_JOB_PARENT_ID $NOMAD_JOB_ID", {
    prohibitsOverlap: false,
    enough: isSecond,
  });
  const launched = events.flatMap((event) => (event.kind === "periodic-launch" ? [event.jobId] : []));
  const logs = events.flatMap((event) => (event.kind === "task-log" ? [Buffer.from(event.data).toString()] : []));
  // A launch may be slower than the next one.
  const wanted = new Set(launched.map((id) => `sample ${id}\n`));
  assert.ok(new Set(logs).size === logs.length && logs.length >= 2 && logs.every((line) => wanted.has(line)), logs.join(""));
  assert.equal(new Set(launched).size, launched.length);
  assert.equal(events.filter(({ kind }) => kind === "note").length, 1);
  assert.equal(exitCode, 130);
});

test("with prohibit_overlap a launch is left out while an earlier one runs", async () => {
  const isLeftOut = (event: RunEvent): boolean => event.kind === "note" && event.message.startsWith("the launch is left out");
  const { events } = await launchEachSecond("exec sleep 60", { prohibitsOverlap: true, enough: isLeftOut });
  assert.equal(events.filter(({ kind }) => kind === "periodic-launch").length, 1);
});

test("without it, the launches run beside each other", async () => {
  let count = 0;
  const isSecond = ({ kind }: RunEvent): boolean => kind === "task-running" && (count += 1) === 2;
  const { events } = await launchEachSecond("exec sleep 60", { prohibitsOverlap: false, enough: isSecond });
  assert(events.findIndex(({ kind }) => kind === "task-exited") > events.findLastIndex(({ kind }) => kind === "task-running"));
});

test("a periodic job that is off is launched by hand only", async () => {
  await using folder = await emptyFolder();
  const periodic = { isEnabled: false, crons: ["@daily"], timeZone: "UTC", prohibitsOverlap: false, position };
  const job = sampleJob([sampleGroup([sampleTask("only", "exit 4")])], { periodic });
  const never = new AbortController().signal;
  const options = { launch: inProcess(createProcessDriver()), parentPath: folder.path, hostIp: "127.0.0.1", on: () => undefined };
  const run = launchJob(job, { ...options, signal: never, killSignal: never });
  await assert.rejects(run, { code: "job-invalid", message: /-now runs the job once$/, position });
  const { exitCode } = await launchJob(job, { ...options, isLaunchedNow: true, signal: never, killSignal: never });
  assert.equal(exitCode, 4);
});
