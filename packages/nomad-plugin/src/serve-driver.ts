import { servePlugin, type ServeOptions } from "@driver/go-plugin/serve";
import { nomadHandshake } from "./nomad-handshake.ts";
import { driverServices, type LateDriver } from "./server/driver-services.ts";
import type { TaskDriver } from "./task-driver.ts";

export type { LateDriver };
type DriverServeOptions = Omit<ServeOptions, "handshake" | "addServices">;

/** Serves a driver to the agent that started this process; settles with the exit code, as `servePlugin` does. */
export function serveDriver(driver: TaskDriver, options: DriverServeOptions): Promise<number> {
  return serveLateDriver({ pluginInfo: (signal) => driver.pluginInfo(signal), load: () => Promise.resolve(driver) }, options);
}

/** The same for a driver that is made when it is first needed. */
export function serveLateDriver(driver: LateDriver, options: DriverServeOptions): Promise<number> {
  return servePlugin({ ...options, handshake: nomadHandshake, addServices: driverServices(driver, options.logger) });
}
