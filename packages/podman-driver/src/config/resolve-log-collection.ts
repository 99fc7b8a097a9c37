import type { PluginOptions } from "./plugin-schema.ts";

/** Who writes a task's output into `alloc/logs`. */
export type LogCollection = PluginOptions["log_collection"];

/** `disable_log_collection`, the older key, wins: whoever sets it wants no output collected. */
export function resolveLogCollection(options: Pick<PluginOptions, "log_collection" | "disable_log_collection">): LogCollection {
  return options.disable_log_collection ? "off" : options.log_collection;
}
