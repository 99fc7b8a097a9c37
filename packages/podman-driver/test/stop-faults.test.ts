import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { inspect as inspectValue } from "node:util";
import { decodeMsgpackRaw } from "@driver/nomad-plugin";
import { until } from "@driver/testing";
import { FakeRig, podmanError } from "./fake-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const forever = "while :; do sleep 1; done";

describe("stopping and destroying", { concurrency: true }, () => {
  const notRunning = [
    podmanError(500, "can only kill running containers. c0ffee is in state exited: container state improper"),
    podmanError(409, "container state improper"),
    podmanError(404, "no such container"),
  ];
  for (const fault of notRunning) {
    test(`takes a signal's refusal for the end it is: ${fault.kind === "answer" ? fault.status : ""}`, async () => {
      await using rig = await FakeRig.start();
      const task = await rig.runScript(forever);
      rig.podman.fault(/kill$/, fault);
      const stopped = rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
      await until(() => rig.podman.seen.some((endpoint) => endpoint.endsWith("/kill")));
      rig.podman.containers[0]?.end(27);
      await stopped;
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 27);
    });
  }

  test("stops waiting with the caller's reason", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    const reason = new Error("enough");
    const caller = new AbortController();
    const stopped = rig.driver.stopTask(task.config.id, { timeoutMs: 60_000, killSignal: "" }, caller.signal);
    await until(() => rig.podman.seen.some((endpoint) => endpoint.endsWith("/kill")));
    setImmediate(() => caller.abort(reason));
    await assert.rejects(stopped, (error) => error === reason);
  });

  test("kills the main process itself when Podman does not pass the signal on", async () => {
    await using rig = await FakeRig.start({ client_http_timeout: "4s" });
    const task = await rig.runScript(forever);
    const { container, child } = await rig.embody();
    await rig.replaceDriver();
    await rig.driver.recoverTask(task.handle, soon());
    rig.podman.fault(/kill$/, { kind: "hang" });
    child.once("exit", () => {
      rig.host.removeProcess(container.pid);
      container.end(137);
    });
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.equal(child.signalCode, "SIGKILL");
    assert.deepEqual(rig.podman.containers, []);
  });

  test("keeps a task that could not be destroyed, and destroys it at the next try", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    const rule = rig.podman.fault(/^DELETE/, podmanError(500, "device or resource busy"));
    await assert.rejects(
      rig.driver.destroyTask(task.config.id, { force: true }, soon()),
      /remove container \w{12}: .*device or resource busy/,
    );
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 137);
    assert.equal(rig.podman.containers.length, 1);
    rule.clear();
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.deepEqual(rig.podman.containers, []);
    await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
  });

  test("destroys a task whose container is gone already", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript("exit 0");
    await rig.driver.waitTask(task.config.id, soon());
    rig.podman.fault(/^DELETE/, podmanError(404, "no such container"));
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
  });
});

// The driver gives Podman and the task seconds here, which a slow machine would spend on the tests beside them: so these run alone.

test("tells what keeps Podman from passing a signal on", async () => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript(forever);
  rig.podman.fault(/kill$/, podmanError(500, "operation not permitted"));
  await assert.rejects(
    rig.driver.stopTask(task.config.id, { timeoutMs: 5000, killSignal: "" }, soon()),
    /send signal 9 to container \w{12}: .*operation not permitted/,
  );
  assert.match(rig.spoken, /could not be asked to end.*send signal 15 to container \w{12}: .*operation not permitted/);
  await assert.rejects(
    rig.driver.signalTask(task.config.id, "USR1", soon()),
    /send signal 10 to container \w{12}: .*operation not permitted/,
  );
  assert.equal((await rig.driver.inspectTask(task.config.id)).state, "running");
});

test("asks a task to end whose kill_timeout is no whole number of milliseconds, also where only Podman knows its process", async () => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript("trap 'exit 5' TERM; while :; do sleep 1; done");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 5000.5, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 5);
});

test("takes a task over whose process cannot be proved to be its own, and kills no such process", async () => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript(forever);
  const { container, child } = await rig.embody();
  rig.host.addProcess({ pid: container.pid, cgroups: ["4:memory:/system.slice/database.service"] });
  await rig.replaceDriver();
  await rig.driver.recoverTask(task.handle, soon());
  rig.podman.fault(/kill$/, podmanError(500, "out of sorts"));
  await assert.rejects(rig.driver.destroyTask(task.config.id, { force: true }, soon()), /out of sorts/);
  assert.equal(child.signalCode, null);
  child.kill();
  await once(child, "exit");
  container.end(3);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
});

test("tells both what keeps Podman and what keeps the kernel from passing a signal on, and does not take it for the end", async (t) => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript(forever);
  const { container, child } = await rig.embody();
  await rig.replaceDriver();
  await rig.driver.recoverTask(task.handle, soon());
  rig.podman.fault(/kill$/, podmanError(500, "out of sorts"));
  const kill = t.mock.method(process, "kill", () => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  await assert.rejects(
    rig.driver.stopTask(task.config.id, { timeoutMs: 0, killSignal: "" }, soon()),
    /send signal 9 to container \w{12}: .*out of sorts.*, and the kernel refuses it as well: kill EPERM/,
  );
  assert.equal((await rig.driver.inspectTask(task.config.id)).state, "running");
  kill.mock.restore();
  child.kill();
  await once(child, "exit");
  rig.host.removeProcess(container.pid);
  container.end(3);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
});

/** All that can be seen of the error, its causes included. */
function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => assert.fail("it succeeded"), (error: unknown) => inspectValue(error, { depth: 10 }));
}

test("speaks no password, neither in the log nor in events, errors or the state it leaves with Nomad", async () => {
  await using rig = await FakeRig.start();
  const password = "s3cr3t-Pa55word";
  const env = { DB_PASSWORD: password };
  const withAuth = await rig.prepare({ image: "registry.example/private:1", auth: { username: "user", password } }, { env });
  const errors: string[] = [];
  errors.push(await failureOf(rig.driver.startTask(withAuth.config, soon())));
  const fails = await rig.prepare({ command: "no-such-program" }, { env });
  errors.push(await failureOf(rig.driver.startTask(fails.config, soon())));
  const pulls = await rig.prepare({ image: "registry.example/missing:1" }, { env });
  errors.push(await failureOf(rig.driver.startTask(pulls.config, soon())));
  const runs = await rig.prepare({ command: "sh", args: ["-c", "exit 0"] }, { env });
  const { handle } = await rig.driver.startTask(runs.config, soon());
  await rig.driver.waitTask(runs.config.id, soon());
  const state = JSON.stringify(decodeMsgpackRaw(handle.driverState), (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
  );
  assert.ok(rig.events.length > 0 && state.includes("localhost/busybox:1"));
  assert.ok(![rig.spoken, state, ...errors].join("\n").includes(password));
});
