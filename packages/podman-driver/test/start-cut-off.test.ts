import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@driver/testing";
import { FakeRig } from "./fake-rig.ts";

const bounded = (): AbortSignal => AbortSignal.timeout(30_000);
const start = /^POST \/containers\/.*\/start/;
const inspect = /^GET \/containers\/.*\/json/;
const script = { command: "sh", args: ["-c", "echo once; while :; do sleep 1; done"] };

/** Podman dies in mid-start of a task whose process ends at once; the driver's next look is held up until `inspected` is called. */
async function cutOffStart(rig: FakeRig): Promise<() => void> {
  rig.podman.fault(start, { kind: "cut-after" }, 1);
  const look = rig.podman.fault(inspect, { kind: "hang" });
  await until(() => rig.podman.containers[0]?.startedAt !== undefined);
  rig.podman.containers[0]?.forgetStart();
  return () => look.clear();
}

test("does not run a container twice that has ended while Podman was cut off at its start", async () => {
  await using rig = await FakeRig.start({ client_http_timeout: "10s" });
  const task = await rig.prepare(script);
  const starting = rig.driver.startTask(task.config, bounded());
  const inspected = await cutOffStart(rig);
  inspected();
  await assert.rejects(starting, { message: /cut off as it started container [0-9a-f]{12}/, recoverable: true });
  assert.equal(rig.podman.seen.filter((endpoint) => start.test(endpoint)).length, 1);
  assert.equal(rig.podman.containers.length, 0);
});

test("makes another container when the same start comes again after it was cut off", async () => {
  await using rig = await FakeRig.start({ client_http_timeout: "10s" });
  const task = await rig.prepare(script);
  const caller = new AbortController();
  const starting = assert.rejects(rig.driver.startTask(task.config, caller.signal));
  await cutOffStart(rig);
  const [first] = rig.podman.containers;
  // The plugin dies with the call, and cannot undo anything.
  rig.podman.fault(/^DELETE/, { kind: "cut-before" });
  caller.abort();
  await starting;
  rig.podman.clearFaults();
  await rig.replaceDriver();
  await rig.driver.startTask(task.config, bounded());
  assert.equal(rig.podman.containers.length, 1);
  assert.notEqual(rig.podman.containers[0]?.id, first?.id);
  assert.match(rig.spoken, /removing container .* was cut off/);
});
