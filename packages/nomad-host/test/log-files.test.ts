import assert from "node:assert/strict";
import { test } from "node:test";

import { emptyFolder } from "./empty-folder.ts";
import { createProcessDriver } from "./process-driver.ts";
import { inProcess, lives, recordRun } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

const launch = inProcess(createProcessDriver({ writesLogFiles: true }));

test("a driver that writes log files by itself is followed, and gets no FIFOs", async () => {
  await using folder = await emptyFolder();
  const script = "head -c 1000000 /dev/zero; printf 'bad\\377' >&2; ls -A ../alloc/logs > local/names; grep -c fifo local/names";
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", script)])]), { parentPath: folder.path, launch });
  assert.deepEqual(run.log("only", "stdout"), Buffer.concat([Buffer.alloc(1_000_000), Buffer.from("0\n")]));
  assert.deepEqual(run.log("only", "stderr"), Buffer.from("bad\xff", "latin1"));
});

test("lines are shown while the task runs", async () => {
  await using folder = await emptyFolder();
  const stop = new AbortController();
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", "echo ready; exec sleep 60")])]), {
    parentPath: folder.path,
    launch,
    signal: stop.signal,
    onEvent: ({ kind }) => (kind === "task-log" ? stop.abort(new Error("seen")) : undefined),
  });
  assert.deepEqual([run.result.exitCode, run.log("only", "stdout").toString()], [130, "ready\n"]);
});

test("a restarted task goes on behind what it wrote before, and repeats nothing", async () => {
  await using folder = await emptyFolder();
  const restart = { attempts: 2, intervalMs: 60_000, delayMs: 0, mode: "fail" as const };
  const script = "echo x >> local/starts; echo start $(wc -l < local/starts); exit 1";
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", script, { restart })])]), { parentPath: folder.path, launch });
  assert.equal(run.log("only", "stdout").toString(), "start 1\nstart 2\nstart 3\n");
  assert.equal(lives(run).filter((life) => life === "only:exited").length, 3);
});
