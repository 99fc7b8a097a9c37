import type { Logger, RpcServices } from "@driver/go-plugin";
import { BasePlugin } from "../gen/base_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import { basePluginService, type BasePluginCalls } from "./base-plugin-service.ts";
import { callReporter } from "./call-reporter.ts";

/** A driver that is made when it is first needed: an agent starts each plugin once only to hear who it is. */
export interface LateDriver extends Pick<TaskDriver, "pluginInfo"> {
  /** Called once at most. */
  load(): Promise<TaskDriver>;
}

/** Adds a driver's services, so that a Nomad agent finds what it expects of a driver plugin. */
export function driverServices(late: LateDriver, logger: Logger): (services: RpcServices) => void {
  const reporter = callReporter(logger);
  let driver: Promise<TaskDriver> | undefined;
  const loadOnce = (): Promise<TaskDriver> => (driver ??= late.load());
  const base: BasePluginCalls = {
    pluginInfo: (signal) => late.pluginInfo(signal),
    configSchema: async (signal) => (await loadOnce()).configSchema(signal),
    setConfig: async (config, signal) => (await loadOnce()).setConfig(config, signal),
  };
  return (services) => {
    services.add(BasePlugin, basePluginService(base, reporter)).addLater(async () => {
      const [{ Driver }, { driverService }] = await Promise.all([import("../gen/driver_pb.ts"), import("./driver-service.ts")]);
      services.add(Driver, driverService(await loadOnce(), reporter));
    });
  };
}
