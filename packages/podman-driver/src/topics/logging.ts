import type { LogConfiguration } from "@driver/libpod";
import { attr, block, mapAttr } from "@driver/nomad-plugin";
import type { LogSource } from "../config/log-source.ts";
import type { LogCollection } from "../config/resolve-log-collection.ts";
import { resolveLogFiles } from "../config/resolve-log-files.ts";
import { possibleLogDrivers, possibleLogOptions, resolveTaskLogging } from "../config/resolve-logging.ts";
import { topic } from "./topic.ts";

/**
 * conmon drops the oldest lines when a log reaches its size limit, and the host's containers.conf may set one; a limit
 * nobody reaches is the only way to rule that out (podman 4.3, 5.4: `-1` does not help).
 */
const unlimitedLogBytes = 2 ** 50;
/** Where nobody reads the output, `podman logs` still shows the last of it. */
const unreadLogBytes = 10 * 1_048_576;

/** Where the task's output is kept until it is collected, and how its log files are rotated. */
export const loggingTopic = topic({
  fields: {
    log_files: block(
      {
        max_files: attr.number({ help: "Log files kept of each stream; not set: as the plugin says." }),
        max_file_size: attr.string({ help: "Size at which a log file is followed by the next, e.g. 10m; not set: as the plugin says." }),
      },
      { help: 'Rotation of this task\'s log files where the plugin has log_collection = "driver".' },
    ),
    logging: block(
      {
        driver: attr.string({ only: possibleLogDrivers, help: "Podman log driver: nomad and k8s-file are Podman's own file, journald is the host's journal, none keeps nothing." }),
        options: mapAttr("string", { only: possibleLogOptions, help: "Options of the log driver, e.g. tag or max-size." }),
        type: attr.string({ only: possibleLogDrivers, help: "Docker's name for driver." }),
        config: mapAttr("string", { only: possibleLogOptions, help: "Docker's name for options." }),
      },
      { help: "Log driver of this task; replaces the plugin's." },
    ),
  },
  want: ({ log_files: logFiles, logging }, { settings, report }) => ({
    source: report.attempt("logging", settings.logging, () => resolveTaskLogging(logging, settings.logging)),
    files: report.attempt("log_files", settings.logFiles, () => resolveLogFiles(logFiles, "log_files", settings.logFiles)),
  }),
  plan: ({ source }, { settings }) => ({ spec: { log_configuration: toLogConfiguration(source, settings.logCollection) } }),
});

/** Where conmon is to put the container's output. */
function toLogConfiguration(source: LogSource, collection: LogCollection): LogConfiguration {
  if (source.kind === "none") return { driver: "none" };
  if (source.kind === "journal") return { driver: "journald", ...(Object.keys(source.options).length > 0 && { options: source.options }) };
  return { driver: "k8s-file", size: collection === "off" ? (source.limitBytes ?? unreadLogBytes) : unlimitedLogBytes };
}
