import assert from "node:assert/strict";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { test } from "node:test";
import type { HostFixture, ScriptedFault } from "@driver/testing";
import { FakeRig } from "./fake-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const forever = "while :; do sleep 1; done";
const outOfSorts: ScriptedFault = {
  kind: "answer",
  status: 500,
  body: JSON.stringify({ cause: "out of sorts", message: "out of sorts", response: 500 }),
};
const [user, anotherUser] = [1000, 1001];

for (const userId of [user, anotherUser]) {
  test(`a user's engine ${userId === user ? "has a process of his ended" : "does not have a process of somebody else ended"}`, async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    chownSync(rig.podman.socketPath, user, user);
    const { container, child } = await rig.embody({ userId });
    await rig.replaceDriver();
    await rig.driver.recoverTask(task.handle, soon());
    rig.podman.fault(/kill$/, outOfSorts);
    const ended = once(child, "exit");
    const ending = rig.driver.destroyTask(task.config.id, { force: true }, soon());
    if (userId === user) {
      await ended;
      rig.host.removeProcess(container.pid);
      container.end(137);
      await ending;
    } else {
      await assert.rejects(ending, /out of sorts/);
      child.kill();
      await ended;
      container.end(3);
    }
    assert.equal(child.signalCode, userId === user ? "SIGKILL" : "SIGTERM");
  });
}

test("a task that is recovered while nothing can be opened is not lost, and is known by its process when that is over", async () => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript(forever);
  const { container, child } = await rig.embody();
  await rig.replaceDriver();
  const ease = exhaust(rig.host);
  await rig.driver.recoverTask(task.handle, soon());
  assert.equal((await rig.driver.inspectTask(task.config.id)).state, "running");
  ease();
  rig.podman.fault(/kill$/, outOfSorts);
  child.once("exit", () => {
    rig.host.removeProcess(container.pid);
    container.end(143);
  });
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.equal(child.signalCode, "SIGTERM");
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 143);
});

/** Whoever looks at the host's processes finds that this process can open nothing. Returns the way to end that. */
function exhaust(host: HostFixture): () => void {
  const { procDir } = host;
  const fail = (): never => {
    throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
  };
  Object.defineProperty(host, "procDir", { configurable: true, get: fail });
  return () => void Object.defineProperty(host, "procDir", { value: procDir });
}
