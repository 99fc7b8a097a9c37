import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty folder, and at its end the proof that a run left nothing in it. */
export async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
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
