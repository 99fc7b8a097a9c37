import type { LogConfiguration } from "@driver/libpod";
import { attr, block, mapAttr } from "@driver/nomad-plugin";
import type { LogRoute } from "../../config/log-route.ts";
import { resolveLogFiles } from "../../config/resolve-log-files.ts";
import { possibleLogDrivers, possibleLogOptions, resolveTaskLogOrigin } from "../../config/resolve-log-origin.ts";
import { blame, type Suspect } from "../blame.ts";
import { topic } from "../topic.ts";

/**
 * conmon drops the oldest lines when a log reaches its size limit, and the host's containers.conf may set one; a limit
 * nobody reaches is the only way to rule that out (podman 4.3, 5.4: `-1` does not help).
 */
const unlimitedLogBytes = 2 ** 50;
/** Where nobody reads the output, `podman logs` still shows the last of it. */
const unreadLogBytes = 10 * 1_048_576;

/** The way of the task's output. */
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
        driver: attr.string({
          only: possibleLogDrivers,
          help:
            "Podman log driver: nomad and k8s-file are Podman's own file, journald is the host's journal, none keeps nothing; not set: " +
            "the plugin's.",
        }),
        options: mapAttr("string", { only: possibleLogOptions, help: "Options of the log driver, e.g. tag or max-size." }),
        type: attr.string({ only: possibleLogDrivers, help: "Docker's name for driver." }),
        config: mapAttr("string", { only: possibleLogOptions, help: "Docker's name for options." }),
      },
      { help: "Log driver of this task; replaces the plugin's." },
    ),
  },
  want: ({ log_files: logFiles, logging }, { settings: { logRoute }, report }): LogRoute => {
    const from = resolveTaskLogOrigin(logging, logRoute.from, report);
    const files = resolveLogFiles(logFiles, { key: "log_files", report, fallback: logRoute.to.files });
    // Where nothing is kept there is nothing to collect.
    return { from, to: { by: from.kind === "none" ? "off" : logRoute.to.by, files } };
  },
  plan: (route) => ({
    spec: { log_configuration: toLogConfiguration(route) },
    explain: (podmanText) => (route.from.kind === "journal" ? blame(podmanText, [journalSuspect]) : undefined),
  }),
});

/** The task's own or the plugin's. */
const journalSuspect: Suspect = {
  words: /initialize journal/,
  key: "logging.driver",
  value: "journald",
  want: "for which the host needs the socket of systemd's journal, /run/systemd/journal/socket",
};

/** Where conmon is to put the container's output. */
function toLogConfiguration({ from, to }: LogRoute): LogConfiguration {
  if (from.kind === "none") return { driver: "none" };
  if (from.kind === "journal") return { driver: "journald", ...(Object.keys(from.options).length > 0 && { options: from.options }) };
  return { driver: "k8s-file", size: to.by === "off" ? (from.limitBytes ?? unreadLogBytes) : unlimitedLogBytes };
}
