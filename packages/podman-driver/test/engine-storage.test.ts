import assert from "node:assert/strict";
import { chownSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { until } from "@driver/testing";
import { FakeRig } from "./fake-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const user = 1000;

test("nothing is read or removed in a folder of root's that the engine of an ordinary user names", async () => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript("echo delivered; while :; do sleep 1; done");
  await task.stdout.until((text) => text === "delivered\n");
  await rig.driver.close();
  // From now on it is a user's engine, and the log is his; the folder is not, and holds files named like rotated ones.
  const { logPath } = rig.podman.containers[0] ?? assert.fail("no container");
  const planted = [`${logPath}.1`, `${logPath}.2`];
  for (const path of planted) writeFileSync(path, "kept\n");
  for (const path of [rig.podman.socketPath, logPath, ...planted]) chownSync(path, user, user);
  const before = readdirSync(dirname(logPath)).toSorted();
  await rig.replaceDriver();
  await rig.driver.recoverTask(task.handle, soon());
  await until(() => rig.logLines.some((line) => /warn logs of task .*: the output cannot be collected; trying again .*which Podman names, is of user 0 and not of user 1000/.test(line)));
  await until(() => rig.events.some(({ message }) => message.startsWith("Logs: the output cannot be collected; trying again: the folder ")));
  assert.deepEqual(readdirSync(dirname(logPath)).toSorted(), before);
  assert.deepEqual(planted.map((path) => readFileSync(path, "utf8")), ["kept\n", "kept\n"]);
  // Once the folder is his, its output is collected as if nothing had been.
  chownSync(dirname(logPath), user, user);
  rig.podman.containers[0]?.end(0);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.ok(rig.events.some(({ message }) => message === "Logs: all is well again"));
});
