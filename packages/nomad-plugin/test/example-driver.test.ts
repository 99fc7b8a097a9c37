import { configBody, exampleTask, launchExample } from "./example-launch.ts";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DriverError, encodeConfig } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "example-driver-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const signal = AbortSignal.timeout(60_000);

test("an example driver runs a host process through a plugin of its own", async () => {
  await using launched = await launchExample({ signal });
  const { driver } = launched;
  assert.deepEqual(await driver.pluginInfo(signal), { type: "driver", name: "process", version: "0.1.0", apiVersions: ["v0.1.0"] });
  assert.equal(await driver.configSchema(signal), undefined);
  const spec = await driver.taskConfigSchema(signal);
  const driverConfig = encodeConfig(spec, configBody({ command: "/bin/sh", args: ["-c", "echo $GREETING; exit 43"] }));
  const config = exampleTask({ folder, driverConfig, env: { GREETING: "moin" } });

  const started = await driver.startTask(config, signal);
  assert.deepEqual(started.handle.config, config);
  assert.deepEqual(await driver.waitTask(config.id, signal), { exitCode: 43, signal: 0, oomKilled: false });
  assert.equal(readFileSync(config.stdoutPath, "utf8"), "moin\n");
  await driver.destroyTask(config.id, { force: true }, signal);
  await assert.rejects(driver.waitTask(config.id, signal), (error) => error instanceof DriverError && error.code === "task-not-found");
});

test("stopping a task ends its process by signal", async () => {
  await using launched = await launchExample({ signal });
  const { driver } = launched;
  const driverConfig = encodeConfig(await driver.taskConfigSchema(signal), configBody({ command: "/bin/sleep", args: ["60"] }));
  const config = exampleTask({ folder, driverConfig, env: {} });
  await driver.startTask(config, signal);
  await assert.rejects(driver.startTask(config, signal), /already started/);
  const waiting = driver.waitTask(config.id, signal);
  await driver.stopTask(config.id, { timeoutMs: 5_000, killSignal: "" }, signal);
  assert.deepEqual(await waiting, { exitCode: 0, signal: 15, oomKilled: false });
});

test("features the example does not have are refused by name", async () => {
  await using launched = await launchExample({ signal });
  const { driver } = launched;
  const refused = (text: string) => (error: unknown) =>
    error instanceof DriverError && error.code === "unsupported" && error.message === text;
  await assert.rejects(driver.signalTask("x", "SIGHUP", signal), refused("SignalTask is not supported by this driver"));
  await assert.rejects(
    driver.execTask("x", { command: ["id"], timeoutMs: 0 }, signal),
    refused("ExecTask is not supported by this driver"),
  );
  await assert.rejects(driver.inspectTask("x", signal), refused("InspectTask is not supported by this driver"));
  await assert.rejects(driver.createNetwork("a", { hostname: "" }, signal), refused("CreateNetwork RPC not supported by driver"));
  await assert.rejects(driver.destroyNetwork("a", undefined, signal), refused("DestroyNetwork RPC not supported by driver"));
  const session = driver.execTaskStreaming("x", { command: ["id"], tty: false }, (async function* () {})(), signal);
  await assert.rejects(Array.fromAsync(session), refused("driver does not support exec"));
});

test("killing the plugin takes a moment although every kind of stream is open, and the task lives on", async () => {
  const { driver, plugin } = await launchExample({ signal });
  const driverConfig = encodeConfig(
    await driver.taskConfigSchema(signal),
    configBody({ command: "/bin/sh", args: ["-c", "echo $$; exec sleep 60"] }),
  );
  const config = exampleTask({ folder, driverConfig, env: {} });
  await driver.startTask(config, signal);
  const waiting = assert.rejects(driver.waitTask(config.id, signal));
  const streams = [driver.fingerprint(signal), driver.taskEvents(signal), driver.taskStats(config.id, { intervalMs: 1_000 }, signal)];
  const ended = streams.map((stream) => assert.rejects(Array.fromAsync<unknown>(stream)));
  await driver.pluginInfo(signal);
  await plugin.kill();
  // One that takes longer than its host waits is killed by SIGKILL.
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  await Promise.all([waiting, ...ended]);
  process.kill(Number(readFileSync(config.stdoutPath, "utf8")), "SIGKILL");
});

test("a plugin that crashes fails every pending call at once", async () => {
  const { driver, plugin } = await launchExample({ signal });
  const driverConfig = encodeConfig(await driver.taskConfigSchema(signal), configBody({ command: "/bin/true" }));
  const config = exampleTask({ folder, driverConfig, env: {} });
  await driver.startTask(config, signal);
  const stream = driver.fingerprint(signal)[Symbol.asyncIterator]();
  await stream.next();
  const rest = assert.rejects(Promise.resolve(stream.next()), DriverError);
  process.kill(plugin.pid, "SIGKILL");
  await rest;
  assert.deepEqual(await plugin.exited, { code: null, signal: "SIGKILL" });
  await assert.rejects(driver.pluginInfo(signal), DriverError);
  await plugin.kill();
});
