import type { ServiceImpl } from "@driver/go-plugin";
import { messageOf } from "@driver/std";
import { fromSetConfigMessage, toPluginInfoMessage } from "../convert/plugin.ts";
import { toSpecMessage } from "../convert/spec.ts";
import { DriverError } from "../driver-error.ts";
import type { BasePlugin } from "../gen/base_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import type { CallReporter } from "./call-reporter.ts";

/** What an agent asks of a plugin of any kind. */
export type BasePluginCalls = Pick<TaskDriver, "pluginInfo" | "configSchema" | "setConfig">;

/** What every Nomad plugin answers, on behalf of `driver`. */
export function basePluginService(driver: BasePluginCalls, { answer }: CallReporter): ServiceImpl<typeof BasePlugin> {
  return {
    pluginInfo: (_request, context) => answer(context, async (signal) => toPluginInfoMessage(await driver.pluginInfo(signal))),
    configSchema: (_request, context) =>
      answer(context, async (signal) => {
        const spec = await driver.configSchema(signal);
        return spec === undefined ? {} : { spec: toSpecMessage(spec) };
      }),
    setConfig: (request, context) =>
      answer(context, async (signal) => {
        await driver.setConfig(fromSetConfigMessage(request), signal).catch((error: unknown) => {
          throw withPrefix("SetConfig failed: ", error);
        });
        return {};
      }),
  };
}

/** Agents and their logs know this prefix from plugins written in Go. */
function withPrefix(prefix: string, error: unknown): DriverError {
  const message = messageOf(error);
  return new DriverError(error instanceof DriverError ? error.code : "failed", `${prefix}${message}`, { cause: error });
}
