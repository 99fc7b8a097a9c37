import type { ConnectRouter } from "@connectrpc/connect";
import type { Logger } from "@driver/go-plugin";
import { BasePlugin } from "../gen/base_pb.ts";
import { Driver } from "../gen/driver_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import { basePluginService } from "./base-plugin-service.ts";
import { callReporter } from "./call-reporter.ts";
import { driverService } from "./driver-service.ts";

/** Registers a driver's services, so that a Nomad agent finds what it expects of a driver plugin. */
export function driverServices(driver: TaskDriver, logger: Logger): (router: ConnectRouter) => void {
  const reporter = callReporter(logger);
  return (router) => {
    router.service(BasePlugin, basePluginService(driver, reporter)).service(Driver, driverService(driver, reporter));
  };
}
