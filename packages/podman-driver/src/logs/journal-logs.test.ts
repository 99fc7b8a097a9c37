import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LibpodError, type LogOptions } from "@driver/libpod";
import { plainTask, RecordedLog } from "@driver/testing";
import { JournalLogs } from "./journal-logs.ts";
import { LogTroubles } from "./log-troubles.ts";

const notFollowable = new LibpodError({
  code: "engine-error",
  message: "read logs: podman answered 500",
  endpoint: "",
  podmanMessage: "using --follow with the journald --log-driver but without the journald --events-backend (file) is not supported",
});
const unknown = new LibpodError({ code: "not-found", message: "read logs: no such container", endpoint: "" });

test("tells the task's owner once that the journal cannot be followed, however often it has to begin anew", async () => {
  const root = mkdtempSync(join(tmpdir(), "journal-logs-"));
  mkdirSync(join(root, "alloc", "logs"), { recursive: true });
  const { logger } = new RecordedLog();
  const advices: string[] = [];
  const logs = new JournalLogs({
    task: plainTask({ name: "web", allocDir: root, stdoutPath: "/dev/null", stderrPath: "/dev/null" }),
    containerId: "ab".repeat(32),
    to: { by: "nomad", files: { maxFiles: 2, maxFileBytes: 1000 } },
    containers: {
      logs: async function* (_container: string, { follow }: LogOptions) {
        throw follow ? notFollowable : unknown;
      },
    },
    since: undefined,
    isFresh: true,
    logger,
    troubles: new LogTroubles({ taskId: "web", logger, emit: () => undefined }),
    onTrouble: (advice) => void advices.push(advice),
    onEnd: () => undefined,
  });
  for (let run = 0; run < 2; run += 1) {
    const { finished } = await logs.start();
    await assert.rejects(finished, unknown);
  }
  assert.equal(advices.length, 1);
  assert.match(advices[0] ?? "", /^Podman cannot follow the journal/);
  await logs.close();
  rmSync(root, { recursive: true });
});
