import type { Logger, RpcServices } from "@driver/go-plugin";
import type { TaskDriver } from "../task-driver.ts";
import { callReporter } from "./call-reporter.ts";
import { pluginInfoMethod } from "./plugin-info-method.ts";

/** A driver that is made when it is first needed: an agent starts each plugin once only to hear who it is. */
export interface LateDriver extends Pick<TaskDriver, "pluginInfo"> {
  /** Called once at most. */
  load(): Promise<TaskDriver>;
}

/** Adds a driver's services, so that a Nomad agent finds what it expects of a driver plugin. */
export function driverServices(late: LateDriver, logger: Logger): (services: RpcServices) => void {
  const reporter = callReporter(logger);
  return (services) => {
    services.add([pluginInfoMethod(late, reporter)]).addLater(async () => {
      const [driver, { driverMethods }] = await Promise.all([late.load(), import("./driver-methods.ts")]);
      services.add(driverMethods(driver, reporter));
    });
  };
}
