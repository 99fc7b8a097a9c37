import type { LogRoute } from "./log-route.ts";
import type { PluginOptions } from "./plugin-schema.ts";
import type { Report } from "./report.ts";
import { resolveLogFiles } from "./resolve-log-files.ts";
import { resolveLogOrigin } from "./resolve-log-origin.ts";

/** The way of the output of tasks that do not say it themselves. */
export function resolveLogRoute(
  options: Pick<PluginOptions, "logging" | "log_files" | "log_collection" | "disable_log_collection">,
  report: Report,
): LogRoute {
  return {
    from: resolveLogOrigin(options.logging, "logging", report),
    to: {
      // The older key wins: whoever sets it wants no output collected.
      by: options.disable_log_collection ? "off" : options.log_collection,
      files: resolveLogFiles(options.log_files, { key: "log_files", report }),
    },
  };
}
