import { DriverError } from "@driver/nomad-plugin";
import type { LogSource } from "./log-source.ts";
import { parseMemorySize } from "./parse-memory-size.ts";

interface LoggingOptions {
  readonly driver?: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

/** For messages and documentation. */
export const possibleLogDrivers = "nomad, journald, k8s-file, json-file, none";
export const possibleLogOptions = "those of Podman for journald, e.g. tag; max-size for nomad, k8s-file and json-file";

/** Below this a file would be followed by the next with every few lines. */
const leastLimitBytes = 65_536;

/**
 * What a `logging` block asks for. A block without a driver means "nomad", as does a missing block.
 * @param key the path of the block, for the message
 * @throws DriverError `unsupported` for a driver or an option that would be ignored or cannot work, `config-invalid` for a bad value
 */
export function resolveLogging(logging: LoggingOptions | undefined, key: string): LogSource {
  const driver = logging?.driver ?? "";
  const options = logging?.options ?? {};
  switch (driver) {
    case "":
    case "nomad":
    case "k8s-file":
    // Podman itself writes the same file for both (podman 4.3).
    case "json-file":
      return toFile(options, key, driver === "" ? "nomad" : driver);
    case "journald":
      refuseOptions(options, { key, refused: ["path", "max-size"], reason: "the journal has no file for each task" });
      return { kind: "journal", options };
    case "none":
      refuseOptions(options, { key, refused: Object.keys(options), reason: 'logging.driver "none" keeps no output' });
      return { kind: "none" };
    default:
      throw new DriverError("unsupported", `config key ${key}.driver: "${driver}" ${whyNot(driver)}; use one of ${possibleLogDrivers}`, { configKey: `${key}.driver` });
  }
}

/** The task's own `logging` block counts when it says anything, else the plugin's (as with the Go driver). */
export function resolveTaskLogging(logging: LoggingOptions | undefined, ofPlugin: LogSource): LogSource {
  const saysSomething = logging !== undefined && ((logging.driver ?? "") !== "" || Object.keys(logging.options).length > 0);
  return saysSomething ? resolveLogging(logging, "logging") : ofPlugin;
}

function whyNot(driver: string): string {
  // Podman takes it, and the output goes to where its service writes its own (podman 4.3).
  return driver.startsWith("passthrough") ? "would send the output to the Podman service's own" : "is no log driver of Podman";
}

/** conmon ends with an error over a tag here, and Podman ignores whatever else it does not know (podman 4.3). */
function toFile(options: LoggingOptions["options"], key: string, driver: string): LogSource {
  const { "max-size": size, ...others } = options;
  if ("tag" in others) throw new DriverError("unsupported", `config key ${key}.options.tag: has no meaning with the log driver "${driver}"; remove it, or set ${key}.driver = "journald"`, { configKey: `${key}.options` });
  if ("path" in others) throw new DriverError("unsupported", `config key ${key}.options.path: is not supported, as the file is kept in Podman's own storage; remove it`, { configKey: `${key}.options` });
  refuseOptions(others, { key, refused: Object.keys(others), reason: `the log driver "${driver}" knows max-size alone` });
  if (size === undefined) return { kind: "file" };
  const limitBytes = parseMemorySize(size, { key: `${key}.options.max-size` });
  if (limitBytes < leastLimitBytes) throw new DriverError("config-invalid", `config key ${key}.options.max-size: "${size}" must be at least 64k`, { configKey: `${key}.options` });
  return { kind: "file", limitBytes };
}

function refuseOptions(options: LoggingOptions["options"], { key, refused, reason }: { readonly key: string; readonly refused: readonly string[]; readonly reason: string }): void {
  const found = refused.filter((name) => name in options);
  if (found.length > 0) throw new DriverError("unsupported", `config key ${found.map((name) => `${key}.options.${name}`).join(", ")}: would have no effect, as ${reason}; remove ${found.length === 1 ? "it" : "them"}`, { configKey: `${key}.options` });
}
