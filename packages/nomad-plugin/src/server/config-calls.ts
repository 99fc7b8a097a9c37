import type { ServiceImpl } from "@driver/go-plugin";
import { messageOf } from "@driver/std";
import { fromSetConfigMessage } from "../convert/plugin.ts";
import { toSpecMessage } from "../convert/spec.ts";
import { DriverError } from "../driver-error.ts";
import type { BasePlugin } from "../gen/base_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import type { CallReporter } from "./call-reporter.ts";

type ConfigCalls = Pick<ServiceImpl<typeof BasePlugin>, "configSchema" | "setConfig">;

/** What every Nomad plugin answers of its own config, on behalf of `driver`. */
export function configCalls(driver: Pick<TaskDriver, "configSchema" | "setConfig">, { answer }: CallReporter): ConfigCalls {
  return {
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
