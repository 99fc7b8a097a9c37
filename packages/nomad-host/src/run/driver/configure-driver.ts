import type { ConfigBody, PluginInfo, Spec, TaskDriver } from "@driver/nomad-plugin";
import { ConfigError, DriverError, encodeConfig } from "@driver/nomad-plugin";

import type { NodeFacts } from "../env/node-facts.ts";
import { RunError } from "../run-error.ts";
import type { LaunchDriver } from "./launched-driver.ts";

/** The API version of Nomad's driver plugins; the only one there is. */
const apiVersion = "v0.1.0";

/** Nomad's default range for dynamic ports, told to the plugin. */
const clientPorts = { minPort: 14_000, maxPort: 14_512 };

/**
 * Tells a fresh plugin its configuration, in the order of Nomad's real launch: PluginInfo, ConfigSchema, SetConfig with
 * the client's part, Init. `body` is the inside of the agent's `config` block; undefined means there is none.
 */
export async function configureDriver(
  driver: TaskDriver,
  options: { readonly body: ConfigBody | undefined; readonly node: NodeFacts; readonly signal: AbortSignal },
): Promise<PluginInfo> {
  const { body, node, signal } = options;
  const info = await driver.pluginInfo(signal);
  if (info.type !== "driver") throw new RunError("plugin-failed", `the plugin ${info.name} is a ${info.type} plugin, not a driver`);
  const msgpack = await encodePluginConfig(driver, body, signal);
  const topology = { coreCount: node.coreCount, totalComputeMhz: node.totalComputeMhz };
  await driver.setConfig({ msgpack, client: { ...clientPorts, topology }, apiVersion }, signal);
  await initDriver(driver, signal);
  return info;
}

/**
 * Nomad's two launches before the real one: the first asks who the plugin is, the second configures it twice without
 * the client's part. Each process is ended at once.
 */
export async function probePlugin(
  launch: LaunchDriver,
  options: { readonly body: ConfigBody | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { body, signal } = options;
  const launchOptions = { onLog: () => undefined, signal };
  {
    await using first = await launch(launchOptions);
    await first.driver.pluginInfo(signal);
    if ((await first.driver.configSchema(signal)) === undefined) return;
  }
  await using second = await launch(launchOptions);
  const msgpack = await encodePluginConfig(second.driver, body, signal);
  await second.driver.setConfig({ msgpack, apiVersion }, signal);
  await second.driver.setConfig({ msgpack, apiVersion }, signal);
}

async function encodePluginConfig(driver: TaskDriver, body: ConfigBody | undefined, signal: AbortSignal): Promise<Uint8Array> {
  const spec = await driver.configSchema(signal);
  if (spec !== undefined) return encodeOrExplain(spec, body ?? emptyBody);
  if (body === undefined) return new Uint8Array();
  throw new RunError("plugin-config-invalid", "the plugin takes no configuration, but a config block is given", {
    position: body.position,
  });
}

function encodeOrExplain(spec: Spec, body: ConfigBody): Uint8Array {
  try {
    return encodeConfig(spec, body);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new RunError("plugin-config-invalid", `plugin config: ${error.message}`, { position: error.position, cause: error });
  }
}

/** Of an agent that has no `config` block. */
export const emptyBody: ConfigBody = { attributes: [], blocks: [], position: { line: 1, column: 1 } };

/** Init is new in Nomad 2.0.4: a plugin without it is fine. */
async function initDriver(driver: TaskDriver, signal: AbortSignal): Promise<void> {
  try {
    await driver.init(signal);
  } catch (error) {
    if (!(error instanceof DriverError && error.code === "unsupported")) throw error;
  }
}
