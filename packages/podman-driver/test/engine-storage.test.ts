import assert from "node:assert/strict";
import { chownSync, closeSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { HostFixture, startEngine, testSetting, until } from "@driver/testing";
import { readEngineOwner } from "../src/host/engine-owner.ts";
import { EngineFolder } from "../src/host/engine-storage.ts";
import { hostRoots } from "../src/host/proc-files.ts";
import { FakeRig } from "./fake-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
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
  await until(() =>
    rig.logLines.some((line) =>
      /warn logs of task .*: the output cannot be collected; trying again .*which Podman names, is of user 0 and not of user 1000/.test(
        line,
      ),
    ),
  );
  await until(() =>
    rig.events.some(({ message }) => message.startsWith("Logs: the output cannot be collected; trying again: the folder ")),
  );
  assert.deepEqual(readdirSync(dirname(logPath)).toSorted(), before);
  assert.deepEqual(planted.map((path) => readFileSync(path, "utf8")), ["kept\n", "kept\n"]);
  // Once the folder is his, its output is collected as if nothing had been.
  chownSync(dirname(logPath), user, user);
  rig.podman.containers[0]?.end(0);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.ok(rig.events.some(({ message }) => message === "Logs: all is well again"));
});

test("the folder of a container with a user namespace, which Podman may give to that one's root, counts as the engine's", async () => {
  await using engine = await startEngine({ folder: "/run/userns-engine" }, soon());
  await engine.importBusybox(testSetting("TEST_IMAGE"));
  const started = await engine.run([
    "run",
    "--detach",
    "--network=none",
    "--uidmap=0:100000:65536",
    "--gidmap=0:100000:65536",
    testSetting("TEST_IMAGE"),
    "sleep",
    "60",
  ]);
  assert.equal(started.code, 0, started.stderr);
  const [{ StaticDir: path, State: state }] = JSON.parse((await engine.run(["inspect", started.stdout.trim()])).stdout);
  // Podman 5 leaves it to root (5.4); 4.3 gives it away.
  if (statSync(path).uid === 0) chownSync(path, 100_000, 100_000);
  assert.equal(statSync(path).uid, 100_000);
  const owner = readEngineOwner(hostRoots, engine.socketPath, { pid: state.ConmonPid, startTicks: "" });
  using folder = EngineFolder.open(path, owner);
  closeSync(folder.openFile("ctr.log"));
  closeSync(folder.openFifo("ctl"));
  // The conmon of a short task has ended before anybody looks.
  EngineFolder.open(path, readEngineOwner(hostRoots, engine.socketPath, undefined))[Symbol.dispose]();
  // Nor has a user's, whose ids the administrator has given him.
  chownSync(engine.socketPath, user, user);
  using host = new HostFixture();
  const roots = { ...hostRoots, etcDir: host.etcDir };
  assert.throws(
    () => EngineFolder.open(path, readEngineOwner(roots, engine.socketPath, undefined)),
    /is of user 100000 and not of user 1000/,
  );
  host.write("etc/subuid", "1000:100000:65536\n");
  EngineFolder.open(path, readEngineOwner(roots, engine.socketPath, undefined))[Symbol.dispose]();
});
