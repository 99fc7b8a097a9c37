import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { busyboxImagePath } from "./busybox-image.ts";
import { startEngine } from "./engine.ts";
import { listMountsBelow, listProcessesNaming } from "./engine-teardown.ts";

const scratch = process.env["TEST_SCRATCH"] ?? "";
const timeout = () => AbortSignal.timeout(60_000);

test("an engine runs a container and is gone after close", async () => {
  const folder = "/run/engine-test";
  const storage = join(scratch, "engine-storage");
  await using engine = await startEngine({ folder, storage }, timeout());
  await engine.importBusybox("localhost/busybox:1");
  await engine.importBusybox("localhost/busybox:1");
  const printed = await engine.run(["run", "--rm", "localhost/busybox:1", "sh", "-c", "echo $PATH; cat /etc/passwd | wc -l"]);
  assert.deepEqual(printed, { code: 0, stdout: `${busyboxImagePath}\n3\n`, stderr: "" });
  const left = await engine.run(["run", "--detach", "--publish", "18082:80", "localhost/busybox:1", "sleep", "600"]);
  assert.equal(left.code, 0, left.stderr);
  await engine.close();
  assert.equal(existsSync(folder), false);
  assert.deepEqual(listMountsBelow([folder, storage]), []);
  assert.deepEqual(listProcessesNaming(folder), []);
});

test("an engine stopped while it starts leaves nothing", async () => {
  const folder = "/run/engine-aborted";
  await assert.rejects(startEngine({ folder }, AbortSignal.timeout(30)));
  assert.equal(existsSync(folder), false);
  assert.deepEqual(listProcessesNaming(folder), []);
});
