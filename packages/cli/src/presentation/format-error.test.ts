import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { RunError } from "@driver/nomad-host";

import { formatError } from "./format-error.ts";

const folder = await mkdtemp(join(tmpdir(), "format-error-"));
after(() => rm(folder, { recursive: true }));

test("what came with an error is shown behind it, each at its place", async () => {
  const jobPath = join(folder, "job.hcl");
  await writeFile(jobPath, "one\ntwo\n");
  const error = new RunError("job-invalid", "first\u001b", {
    position: { line: 1, column: 2 },
    further: [{ message: "second", position: { line: 2, column: 1 } }],
  });
  const shown = `${jobPath}:1:2: first\\x1b\n1 | one\n  |  ^\n${jobPath}:2:1: second\n2 | two\n  | ^`;
  assert.equal(await formatError(error, { jobPath, pluginConfigPath: undefined }), shown);
});

test("a job that came through a named pipe is not read again for its line", { timeout: 5_000 }, async () => {
  const jobPath = join(folder, "job.fifo");
  execFileSync("mkfifo", [jobPath]);
  const error = new RunError("job-invalid", "no", { position: { line: 1, column: 1 } });
  assert.equal(await formatError(error, { jobPath, pluginConfigPath: undefined }), `${jobPath}:1:1: no`);
});
