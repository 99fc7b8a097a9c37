import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { DriverRig, FakePodman, testSetting } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

interface Service extends AsyncDisposable {
  readonly socketPath: string;
}

/** What the driver's tests on the fake rely on; real Podman must agree, or the fake has drifted. */
function contractOn(name: string, open: () => Promise<Service>): void {
  describe(`a task on ${name}`, () => {
    const startRig = (service: Service): Promise<DriverRig> => DriverRig.start({ pluginConfig: { socket_path: service.socketPath } });

    test("ends with its exit code and its output", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const task = await rig.runScript("echo one; sleep 0.2; exit 3");
      assert.deepEqual(await rig.driver.waitTask(task.config.id, soon()), { exitCode: 3, signal: 0, oomKilled: false });
      assert.equal((await task.stdout.whole()).toString(), "one\n");
      await rig.driver.stopTask(task.config.id, { timeoutMs: 1000, killSignal: "" }, soon());
    });

    test("stops when it is asked to", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const task = await rig.runScript("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
      await task.stdout.until((text) => text === "ready\n");
      assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
      await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 7);
    });

    test("is killed when it does not heed the signal", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const task = await rig.runScript("sleep 60");
      await rig.driver.stopTask(task.config.id, { timeoutMs: 100, killSignal: "" }, soon());
      assert.deepEqual(await rig.driver.waitTask(task.config.id, soon()), { exitCode: 137, signal: 9, oomKilled: false });
    });

    test("is gone when it is destroyed", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const task = await rig.runScript("sleep 60");
      await rig.driver.destroyTask(task.config.id, { force: true }, soon());
      const client = new PodmanClient({ socketPath: service.socketPath });
      assert.equal(await client.containers.inspect(`task-${task.config.allocId}`, soon()), undefined);
      client.close();
      await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
    });

    test("does not start without its image or its program, and leaves nothing", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const client = new PodmanClient({ socketPath: service.socketPath });
      const wrong = [
        { config: { image: "localhost/missing:1" }, message: /is not present in this Podman service/ },
        { config: { command: "no-such-program" }, message: /command that was not found/ },
      ];
      for (const { config, message } of wrong) {
        const task = await rig.prepare({ config });
        await assert.rejects(rig.driver.startTask(task.config, soon()), { message, recoverable: false });
        assert.equal(await client.containers.inspect(`task-${task.config.allocId}`, soon()), undefined);
      }
      client.close();
    });

    test("is reached again by another plugin", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const task = await rig.runScript("sleep 1; exit 5");
      await rig.crash();
      await rig.recover(task);
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 5);
    });

    test("is refused where another container has its name", async () => {
      await using service = await open();
      await using rig = await startRig(service);
      const task = await rig.prepare({ config: { command: "sleep", args: ["60"] } });
      const client = new PodmanClient({ socketPath: service.socketPath });
      const { id } = await client.containers.create(
        { name: `task-${task.config.allocId}`, image: testSetting("TEST_IMAGE"), command: ["sleep", "60"] },
        soon(),
      );
      await assert.rejects(rig.driver.startTask(task.config, soon()), /taken by container \w{12}, which Nomad did not start/);
      assert.equal(await client.containers.remove(id, { force: true, volumes: true }, soon()), true);
      assert.equal(await client.containers.remove(id, { force: true, volumes: true }, soon()), false);
      client.close();
    });

    test("answers a wait at once for a container that never ran, and a signal with a refusal", async () => {
      await using service = await open();
      const client = new PodmanClient({ socketPath: service.socketPath });
      const { id } = await client.containers.create(
        { image: testSetting("TEST_IMAGE"), command: ["sleep", "60"], name: `never-${process.pid}` },
        soon(),
      );
      assert.equal(await client.containers.wait(id, {}, soon()), 0);
      await assert.rejects(client.containers.kill(id, "9", soon()), /can only kill running containers/);
      assert.equal((await client.containers.inspect(id, soon()))?.state.status, "created");
      await client.containers.start(id, soon());
      assert.equal(await client.containers.start(id, soon()), "already-running");
      await assert.rejects(client.containers.remove(id, { force: false, volumes: true }, soon()), /as it is running/);
      await client.containers.remove(id, { force: true, volumes: true }, soon());
      client.close();
    });
  });
}

contractOn("the fake Podman", () => FakePodman.start([testSetting("TEST_IMAGE")]));
contractOn("real Podman", () =>
  Promise.resolve({ socketPath: testSetting("TEST_PODMAN_SOCKET"), [Symbol.asyncDispose]: () => Promise.resolve() }),
);
