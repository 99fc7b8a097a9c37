import type { LogConfiguration } from "@driver/libpod";
import type { LogCollection } from "../config/resolve-log-collection.ts";
import type { LogSource } from "../config/resolve-logging.ts";

/**
 * conmon drops the oldest lines when a log reaches its size limit, and the host's containers.conf may set one; a limit
 * nobody reaches is the only way to rule that out (podman 4.3, 5.4: `-1` does not help).
 */
const unlimitedLogBytes = 2 ** 50;
/** Where nobody reads the output, `podman logs` still shows the last of it. */
const unreadLogBytes = 10 * 1_048_576;

/** Where conmon is to put the container's output. */
export function planLog(source: LogSource, collection: LogCollection): LogConfiguration {
  if (source.kind === "none") return { driver: "none" };
  if (source.kind === "journal") return { driver: "journald", ...(Object.keys(source.options).length > 0 && { options: source.options }) };
  return { driver: "k8s-file", size: collection === "off" ? (source.limitBytes ?? unreadLogBytes) : unlimitedLogBytes };
}
