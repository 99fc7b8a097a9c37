import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { DriverRig, RecordedEvents, until } from "@driver/testing";
import { findContainerOf, inspectOf } from "./inspect-of.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("a task that keeps no log ends as any other, and nothing of it is collected", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { log_collection: "driver" } });
  const task = await rig.runScript("echo x; exit 4", { config: { logging: { driver: "none" } } });
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 4);
  assert.equal((await inspectOf(task)).host.logPath, "");
  assert.deepEqual((await readdir(join(task.config.allocDir, "alloc", "logs"))).filter((name) => !name.startsWith(".")), []);
});

for (const driver of ["passthrough", "syslog"]) {
  test(`the log driver ${driver} is refused by name before anything is made`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.prepare({ config: { command: "true", logging: { driver } } });
    await assert.rejects(
      rig.startTask(task),
      new RegExp(`logging\\.driver: "${driver}" .*; use one of nomad, journald, k8s-file, json-file, none`),
    );
    assert.equal(await findContainerOf(task), undefined);
  });
}

test("a log driver that cannot be is refused in the plugin's config as well", async () => {
  await assert.rejects(
    DriverRig.start({ pluginConfig: { logging: { driver: "passthrough" } } }),
    /logging\.driver: "passthrough" would send the output/,
  );
  await assert.rejects(
    DriverRig.start({ pluginConfig: { logging: { driver: "nomad", options: { tag: "x" } } } }),
    /logging\.options\.tag: has no meaning/,
  );
});

for (const driver of ["k8s-file", "json-file"]) {
  test(`a task that names the log driver ${driver} has its output collected whole, whatever the size`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript("seq 1 100000; echo err >&2", { config: { logging: { driver, options: [{ "max-size": "1m" }] } } });
    await rig.driver.waitTask(task.config.id, soon());
    assert.equal((await task.stdout.whole()).toString(), Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join(""));
    assert.equal((await task.stderr.whole()).toString(), "err\n");
  });
}

test("output that nobody takes is kept up to max-size, and its owner is told what is dropped, once and not at each time", async () => {
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.prepare({
    config: {
      command: "sh",
      args: ["-c", "i=0; while [ $i -lt 30 ]; do i=$((i+1)); seq 1 5000; sleep 0.1; done; touch /alloc/done; sleep 1000"],
      logging: { driver: "k8s-file", options: [{ "max-size": "256k" }] },
    },
  });
  task.stdout.pause();
  await rig.startTask(task);
  const folder = dirname((await inspectOf(task)).host.logPath);
  const keptBytes = (): number =>
    readdirSync(folder)
      .filter((name) => name.startsWith("ctr.log"))
      .reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  await until(() => existsSync(join(task.config.allocDir, "alloc", "done")));
  // What is delivered, or on its way, may take half as much again.
  await until(() => keptBytes() <= 1.5 * 262_144);
  const told = (): number => events.messages.filter((message) => /^Dropped \d+ bytes of log output/.test(message)).length;
  await until(() => told() > 0);
  assert.equal(told(), 1);
  task.stdout.resume();
});

test("output that is not collected is kept up to max-size", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { log_collection: "off" } });
  const task = await rig.runScript("seq 1 20000", { config: { logging: { driver: "k8s-file", options: [{ "max-size": "64k" }] } } });
  await rig.driver.waitTask(task.config.id, soon());
  const kept = await readFile((await inspectOf(task)).host.logPath, "utf8");
  assert.ok(kept.length <= 65_536 && kept.endsWith(" F 20000\n"), kept.slice(-100));
});
