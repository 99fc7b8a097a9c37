import { toMethods, type RpcMethod } from "@driver/go-plugin";
import { BasePlugin } from "../gen/base_pb.ts";
import { Driver } from "../gen/driver_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import { configCalls } from "./config-calls.ts";
import type { CallReporter } from "./call-reporter.ts";
import { driverService } from "./driver-service.ts";

/** What a driver answers, but for its name (`pluginInfoMethod`). */
export function driverMethods(driver: TaskDriver, reporter: CallReporter): RpcMethod[] {
  return [...toMethods(BasePlugin, configCalls(driver, reporter)), ...toMethods(Driver, driverService(driver, reporter))];
}
