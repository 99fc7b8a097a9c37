import { launchPlugin } from "@driver/go-plugin";
import type { LaunchOptions, PluginProcess } from "@driver/go-plugin";
import { createDriverClient } from "./client/driver-client.ts";
import { nomadHandshake } from "./nomad-handshake.ts";
import type { TaskDriver } from "./task-driver.ts";

/** A driver in a process of its own; disposing it ends the process. */
export interface LaunchedDriver extends AsyncDisposable {
  readonly driver: TaskDriver;
  readonly plugin: PluginProcess;
}

/** Starts a driver plugin as a Nomad agent does. The caller configures it: PluginInfo, SetConfig, Init. */
export async function launchDriver(options: Omit<LaunchOptions, "handshake">): Promise<LaunchedDriver> {
  const plugin = await launchPlugin({ ...options, handshake: nomadHandshake });
  return {
    driver: createDriverClient(plugin.transport),
    plugin,
    [Symbol.asyncDispose]: () => plugin.kill(),
  };
}
