import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { recordRun } from "./record-run.ts";
import { configBody, sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

/** An empty folder, and at its end the proof that a run left nothing in it. */
async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "run-job-test-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      const left = await readdir(path);
      await rm(path, { recursive: true });
      assert.deepEqual(left, []);
    },
  };
}

test("runs a task, delivers both streams exactly, and leaves nothing", async () => {
  await using folder = await emptyFolder();
  const script = "head -c 1000000 /dev/zero; printf 'no newline'; printf 'bad\\377\\n' >&2";
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", script)])]), { parentPath: folder.path });
  assert.equal(run.result.exitCode, 0);
  assert.deepEqual(run.log("only", "stdout"), Buffer.concat([Buffer.alloc(1_000_000), Buffer.from("no newline")]));
  assert.deepEqual(run.log("only", "stderr"), Buffer.from("bad\xff\n", "latin1"));
});
