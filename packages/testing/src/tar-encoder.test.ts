import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeTar } from "./tar-encoder.ts";
import { runProcess } from "./run-process.ts";

test("the system's tar lists what was encoded", async () => {
  const archive = encodeTar([
    { path: "bin/", mode: 0o755 },
    { path: "bin/tool", mode: 0o750, content: Buffer.alloc(700, "x") },
    { path: "bin/alias", mode: 0o777, linkTarget: "tool" },
  ]);
  const signal = AbortSignal.timeout(60_000);
  const listed = await runProcess("tar", ["--list", "--verbose", "--numeric-owner"], { stdin: archive, signal });
  assert.equal(listed.stderr, "");
  assert.deepEqual(
    listed.stdout.trim().split("\n").map((line) => line.replace(/\s+/g, " ")),
    [
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
      "-rwxr-x--- 0/0 700 1970-01-01 00:00 bin/tool",
      "lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/alias -> tool",
    ],
  );
});
