import type { Logger, RpcServices } from "@driver/go-plugin";
import { BasePlugin } from "../gen/base_pb.ts";
import { Driver } from "../gen/driver_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import { basePluginService } from "./base-plugin-service.ts";
import { callReporter } from "./call-reporter.ts";
import { driverService } from "./driver-service.ts";

/** Adds a driver's services, so that a Nomad agent finds what it expects of a driver plugin. */
export function driverServices(driver: TaskDriver, logger: Logger): (services: RpcServices) => void {
  const reporter = callReporter(logger);
  return (services) => {
    services.add(BasePlugin, basePluginService(driver, reporter)).add(Driver, driverService(driver, reporter));
  };
}
