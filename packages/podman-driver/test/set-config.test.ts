import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMsgpack, type Fingerprint } from "@driver/nomad-plugin";
import { until } from "@driver/testing";
import { FakeRig } from "./fake-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const forever = "while :; do sleep 1; done";

async function configure(rig: FakeRig, more: { readonly client_http_timeout: string; readonly socket_path?: string }): Promise<void> {
  await rig.driver.setConfig({ msgpack: encodeMsgpack({ socket_path: rig.podman.socketPath, ...more }), apiVersion: "v0.1.0" });
}

async function firstFingerprint(rig: FakeRig): Promise<Fingerprint> {
  for await (const fingerprint of rig.driver.fingerprint(soon())) return fingerprint;
  return assert.fail("no fingerprint");
}

test("many configs leave no connection behind while a task runs, and do not touch the task", async () => {
  await using rig = await FakeRig.start();
  const task = await rig.runScript(forever);
  for (let timeoutMs = 2000; timeoutMs < 2020; timeoutMs += 1) {
    await configure(rig, { client_http_timeout: `${timeoutMs}ms` });
    assert.equal((await firstFingerprint(rig)).health, "healthy");
  }
  // Podman's wait for the task, and the four at most that the service's client keeps.
  await until(async () => (await rig.podman.countConnections()) <= 5);
  await configure(rig, { client_http_timeout: "3s", socket_path: "/run/elsewhere.sock" });
  rig.podman.containers[0]?.end(3);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  assert.deepEqual(rig.podman.containers, []);
  await until(async () => (await rig.podman.countConnections()) === 0);
});

test("a look at Podman that is under way outlives the config it was begun with", async () => {
  await using rig = await FakeRig.start();
  const held = rig.podman.fault(/info/, { kind: "hang" });
  const looking = firstFingerprint(rig);
  await until(() => rig.podman.seen.some((endpoint) => endpoint.endsWith("/info")));
  await configure(rig, { client_http_timeout: "2s" });
  held.clear();
  assert.deepEqual((await looking).healthDescription, "Healthy");
});

test("a service goes on to be known, and its health, when the config gives it another name and another time-out", async () => {
  await using rig = await FakeRig.start();
  const fingerprints = rig.driver.fingerprint(soon())[Symbol.asyncIterator]();
  assert.equal(((await fingerprints.next()).value as Fingerprint).attributes["driver.podman.socketName"], "default");
  const held = rig.podman.fault(/./, { kind: "hang" });
  const socket = [{ name: "main", socket_path: rig.podman.socketPath }];
  await rig.driver.setConfig({ msgpack: encodeMsgpack({ socket, client_http_timeout: "20s" }), apiVersion: "v0.1.0" });
  const { attributes, health } = (await fingerprints.next()).value as Fingerprint;
  assert.deepEqual([health, attributes["driver.podman.socketName"]], ["healthy", "main"]);
  held.clear();
  await fingerprints.return?.();
  assert.equal(rig.podman.seen.filter((endpoint) => endpoint.endsWith("/info")).length, 1);
});
