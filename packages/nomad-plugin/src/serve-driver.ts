import { servePlugin } from "@driver/go-plugin";
import type { ServeOptions } from "@driver/go-plugin";
import { nomadHandshake } from "./nomad-handshake.ts";
import { driverServices } from "./server/driver-services.ts";
import type { TaskDriver } from "./task-driver.ts";

/** Serves a driver to the agent that started this process; settles with the exit code, as `servePlugin` does. */
export function serveDriver(driver: TaskDriver, options: Omit<ServeOptions, "handshake" | "addServices">): Promise<number> {
  return servePlugin({ ...options, handshake: nomadHandshake, addServices: driverServices(driver, options.logger) });
}
