import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig, encodeTar, RecordedEvents, RecordedLog, requestEngine, testSetting, until, type RiggedTask } from "@driver/testing";
import { inspectOf } from "./inspect-of.ts";
import { RepeatedFailure } from "../src/repeated-failure.ts";
import { HealthWatch } from "../src/task/health-watch.ts";
import { ContainerEvents, defaultEventPauses, healthSubject } from "../src/engine/container-events.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

// The world of the tests has no systemd: there the driver has Podman run the checks.
test("tells of a task that becomes healthy, unhealthy and healthy again", async () => {
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.prepare({
    config: { command: "sleep", args: ["600"], healthcheck: { test: "test -e /alloc/data/ok", interval: "1s", retries: 2 } },
  });
  const ok = join(task.config.allocDir, "alloc", "data", "ok");
  await writeFile(ok, "");
  await rig.startTask(task);
  await until(() => healthOf(task, events).length === 1);
  await rm(ok);
  await until(() => healthOf(task, events).length === 2);
  await rig.crash();
  await rig.recover(task);
  await using later = new RecordedEvents(rig.driver);
  await writeFile(ok, "");
  await until(() => healthOf(task, later).length === 1);
  assert.deepEqual(
    [...healthOf(task, events), ...healthOf(task, later)],
    ["healthy", "unhealthy", "healthy"].map((health) => `Health check: the task is ${health}`),
  );
});

for (const patience of [{ retries: 5 }, { retries: 1, start_period: "1h" }]) {
  test(`does not call a task unhealthy whose check fails four times with ${JSON.stringify(patience)}`, async () => {
    await using rig = await DriverRig.start();
    await using events = new RecordedEvents(rig.driver);
    const check = "echo x >> /alloc/data/checks; test $(wc -l < /alloc/data/checks) -gt 4";
    const healthcheck = { test: check, interval: "1s", ...patience };
    const task = await rig.prepare({ config: { command: "sleep", args: ["600"], healthcheck } });
    await rig.startTask(task);
    await until(() => healthOf(task, events).length === 1);
    assert.deepEqual(healthOf(task, events), ["Health check: the task is healthy"]);
  });
}

test("ends an unhealthy task as on_failure says, and tells why", async () => {
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.prepare({
    config: { command: "sleep", args: ["60"], healthcheck: { test: ["false"], interval: "1s", retries: 1, on_failure: "kill" } },
  });
  await rig.startTask(task);
  const { exitCode, oomKilled } = await rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([exitCode, oomKilled], [137, false]);
  await until(() => healthOf(task, events).length === 1);
  assert.deepEqual(healthOf(task, events), ["Health check: the task is unhealthy"]);
});

test("turns the image's health check off", async () => {
  await using image = await makeCheckedImage();
  await using rig = await DriverRig.start();
  const healthWith = async (config: Readonly<Record<string, HclValue>>): Promise<string> =>
    (await inspectOf(await rig.runScript("sleep 60", { config: { image: image.name, ...config } }))).state.healthStatus;
  assert.equal(await healthWith({}), "starting");
  assert.equal(await healthWith({ healthchecks: { disable: true } }), "");
  assert.equal(await healthWith({ healthcheck: { test: ["NONE"] } }), "");
});

test("hears from Podman that there was a check, whoever ran it, and looks what came of it", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sleep", args: ["60"], healthcheck: { test: "true", interval: "1h" } } });
  await rig.startTask(task);
  const client = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const { logger } = new RecordedLog();
  const healthEvents = new ContainerEvents(client.events, logger, defaultEventPauses, healthSubject);
  const told: string[] = [];
  const { id } = await inspectOf(task);
  const watch = new HealthWatch({
    containerId: id,
    engine: { client, healthEvents },
    times: { everyMs: undefined, firstEveryMs: undefined },
    knownStatus: "starting",
    failures: new RepeatedFailure(logger, "the task cannot be looked at"),
    emit: (message) => told.push(message),
  });
  try {
    // The place of systemd, again and again: what was done before the stream was open has no event.
    await until(async () => {
      await client.containers.runHealthCheck(id, soon());
      return told.length > 0;
    });
    assert.deepEqual(told, ["Health check: the task is healthy"]);
  } finally {
    await watch.close();
    healthEvents.close();
    client.close();
  }
});

/** The image of the tests with a health check of its own. */
async function makeCheckedImage(): Promise<AsyncDisposable & { readonly name: string }> {
  const name = `localhost/checked-${process.pid}:1`;
  const socketPath = testSetting("TEST_PODMAN_SOCKET");
  const recipe = `FROM ${testSetting("TEST_IMAGE")}\nHEALTHCHECK --interval=1h CMD true\n`;
  const query = new URLSearchParams({ t: name, outputformat: "application/vnd.docker.distribution.manifest.v2+json" });
  const body = encodeTar([{ path: "Dockerfile", mode: 0o644, content: Buffer.from(recipe) }]);
  const { status, text } = await requestEngine(socketPath, { method: "POST", path: `/build?${query.toString()}`, body, signal: soon() });
  assert.equal(status, 200, text);
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      const answer = await requestEngine(socketPath, { method: "DELETE", path: `/images/${name}`, signal: soon() });
      assert.equal(answer.status, 200, answer.text);
    },
  };
}

/** What was told of a task's health. */
function healthOf(task: RiggedTask, { all }: RecordedEvents): readonly string[] {
  return all.filter(({ taskId, message }) => taskId === task.config.id && message.startsWith("Health")).map(({ message }) => message);
}
