import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { endHungTests } from "./hung-tests.ts";

test("ends a test file that goes on for ever, and names it, and none that ends in time", async (context) => {
  const runner = spawn("sh", ["-c", "sleep 61 & sleep 0.2 & wait"]);
  context.after(() => runner.kill("SIGKILL"));
  const ended = once(runner, "exit");
  const stop = new AbortController();
  const told: string[] = [];
  const watching = endHungTests(
    runner.pid ?? assert.fail("it has not started"),
    { limits: { mostMs: 3_000, everyMs: 20 }, tell: (file) => void told.push(file) },
    stop.signal,
  );
  await ended;
  stop.abort();
  await watching;
  assert.deepEqual(told, ["61"]);
});
