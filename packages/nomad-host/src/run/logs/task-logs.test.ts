import assert from "node:assert/strict";
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { TaskLogs } from "./task-logs.ts";

/** The descriptors of this process that lead to `path`. */
async function openOn(path: string): Promise<readonly string[]> {
  const numbers = await readdir("/proc/self/fd");
  const targets = await Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => "")));
  return targets.filter((target) => target === path);
}

test("a log that cannot be opened leaves the other one closed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "task-logs-"));
  try {
    const config = { stdoutPath: join(folder, ".t.stdout.fifo"), stderrPath: join(folder, "missing", ".t.stderr.fifo") };
    const name = { group: "g", allocIndex: 0, task: "t" };
    await using logs = new TaskLogs({ name, config, collection: "fifo", on: () => undefined });
    await assert.rejects(logs.open(), { code: "host-failed" });
    assert.deepEqual(await openOn(config.stdoutPath), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
