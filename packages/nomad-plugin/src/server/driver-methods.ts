import { toMethods, type RpcMethod } from "@driver/go-plugin/serve";
import { BasePluginForm } from "../gen/base_forms.ts";
import type { BasePlugin } from "../gen/base_pb.ts";
import { DriverForm } from "../gen/driver_forms.ts";
import type { Driver } from "../gen/driver_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import type { CallReporter } from "./call-reporter.ts";
import { configCalls } from "./config-calls.ts";
import { driverService } from "./driver-service.ts";

/** What a driver answers, but for its name. */
export function driverMethods(driver: TaskDriver, reporter: CallReporter): RpcMethod[] {
  return [
    ...toMethods<typeof BasePlugin>(BasePluginForm, configCalls(driver, reporter)),
    ...toMethods<typeof Driver>(DriverForm, driverService(driver, reporter)),
  ];
}
