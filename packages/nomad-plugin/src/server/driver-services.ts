import { toMethods, type Logger, type RpcServices } from "@driver/go-plugin/serve";
import { toPluginInfoMessage } from "../convert/plugin.ts";
import { BasePluginForm } from "../gen/base_forms.ts";
import type { BasePlugin } from "../gen/base_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import { callReporter } from "./call-reporter.ts";

/** A driver that is made when it is first needed: an agent starts each plugin once only to hear who it is. */
export interface LateDriver extends Pick<TaskDriver, "pluginInfo"> {
  /** Called once at most. */
  load(): Promise<TaskDriver>;
}

/** Adds a driver's services, so that a Nomad agent finds what it expects of a driver plugin. */
export function driverServices(late: LateDriver, logger: Logger): (services: RpcServices) => void {
  const reporter = callReporter(logger);
  const pluginInfo = toMethods<typeof BasePlugin>(BasePluginForm, {
    pluginInfo: (_request, call) => reporter.answer(call, async (signal) => toPluginInfoMessage(await late.pluginInfo(signal))),
  });
  return (services) => {
    services.add(pluginInfo).addLater(async () => {
      const [driver, { driverMethods }] = await Promise.all([late.load(), import("./driver-methods.ts")]);
      services.add(driverMethods(driver, reporter));
    });
  };
}
