import { DriverError } from "@driver/nomad-plugin";
import type { LogOrigin } from "./log-route.ts";
import { parseMemorySize } from "./parse-memory-size.ts";

interface LoggingOptions {
  readonly driver?: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  /** Docker's name for `driver`. */
  readonly type?: string | undefined;
  /** Docker's name for `options`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** A block in one spelling, with the paths that its author has written. */
interface NamedLogging {
  readonly driver: string;
  readonly driverKey: string;
  readonly options: Readonly<Record<string, string>>;
  readonly optionsKey: string;
}

/** For messages and documentation. */
export const possibleLogDrivers = "nomad, journald, k8s-file, json-file, none";
export const possibleLogOptions = "those of Podman for journald, e.g. tag; max-size and max-file for nomad, k8s-file and json-file";

/** Below this a file would be followed by the next with every few lines. */
const leastLimitBytes = 65_536;
const mostFiles = 1000;

/**
 * What a `logging` block asks for. A block without a driver means "nomad", as does a missing block.
 * @param key the path of the block, for the message
 * @throws DriverError `unsupported` for a driver or an option that would be ignored or cannot work, `config-invalid` for a bad value
 */
export function resolveLogOrigin(logging: LoggingOptions | undefined, key: string): LogOrigin {
  const named = nameParts(logging, key);
  const { driver, driverKey, options } = named;
  switch (driver) {
    case "":
    case "nomad":
    case "k8s-file":
    // Podman itself writes the same file for both (podman 4.3).
    case "json-file":
      return toFile(named);
    case "journald":
      refuseOptions(named, { refused: ["path", "max-size", "max-file"], reason: "the journal has no file for each task" });
      return { kind: "journal", options };
    case "none":
      refuseOptions(named, { refused: Object.keys(options), reason: `${driverKey} "none" keeps no output` });
      return { kind: "none" };
    default: {
      const message = `config key ${driverKey}: "${driver}" ${whyNot(driver)}; use one of ${possibleLogDrivers}`;
      throw new DriverError("unsupported", message, { configKey: driverKey });
    }
  }
}

/** The task's own `logging` block counts when it says anything, else the plugin's (as with the Go driver). */
export function resolveTaskLogOrigin(logging: LoggingOptions | undefined, ofPlugin: LogOrigin): LogOrigin {
  if (logging === undefined) return ofPlugin;
  const { driver, options } = nameParts(logging, "logging");
  return driver !== "" || Object.keys(options).length > 0 ? resolveLogOrigin(logging, "logging") : ofPlugin;
}

/** One of the two spellings of each part; both are a mistake, as one of them would not count. */
function nameParts({ driver = "", type = "", options = {}, config = {} }: Partial<LoggingOptions> = {}, key: string): NamedLogging {
  const [hasOptions, hasConfig] = [options, config].map((one) => Object.keys(one).length > 0);
  if (driver !== "" && type !== "") throw twice(`${key}.type`, `${key}.driver`);
  if (hasOptions === true && hasConfig === true) throw twice(`${key}.config`, `${key}.options`);
  return {
    driver: driver === "" ? type : driver,
    driverKey: type === "" ? `${key}.driver` : `${key}.type`,
    options: hasConfig === true ? config : options,
    optionsKey: hasConfig === true ? `${key}.config` : `${key}.options`,
  };
}

function twice(dockers: string, ours: string): DriverError {
  const message = `config key ${dockers}: is a second name for ${ours}, which is set too; remove one of the two`;
  return new DriverError("config-invalid", message, { configKey: dockers });
}

function whyNot(driver: string): string {
  // Podman takes it, and the output goes to where its service writes its own (podman 4.3).
  return driver.startsWith("passthrough") ? "would send the output to the Podman service's own" : "is no log driver of Podman";
}

/** conmon ends with an error over a tag here, and Podman ignores whatever else it does not know (podman 4.3). */
function toFile(named: NamedLogging): LogOrigin {
  const { "max-size": size, "max-file": files, ...others } = named.options;
  const { optionsKey, driverKey } = named;
  const driver = named.driver === "" ? "nomad" : named.driver;
  if ("tag" in others) {
    const remedy = `remove it, or set ${driverKey} = "journald"`;
    throw refusal("unsupported", optionsKey, `tag: has no meaning with the log driver "${driver}"; ${remedy}`);
  }
  if ("path" in others) {
    throw refusal("unsupported", optionsKey, "path: is not supported, as the file is kept in Podman's own storage; remove it");
  }
  const reason = `the log driver "${driver}" knows max-size and max-file alone`;
  refuseOptions({ ...named, options: others }, { refused: Object.keys(others), reason });
  if (size !== undefined) return { kind: "file", limitBytes: toLimitBytes(size, files, optionsKey) };
  if (files === undefined) return { kind: "file" };
  throw refusal("unsupported", optionsKey, "max-file: would have no effect, as no max-size says how large a file is; set both or neither");
}

/** What stays of it on the disk, in however many files. */
function toLimitBytes(size: string, files: string | undefined, optionsKey: string): number {
  const limitBytes = parseMemorySize(size, { key: `${optionsKey}.max-size` });
  if (limitBytes < leastLimitBytes) throw refusal("config-invalid", optionsKey, `max-size: "${size}" must be at least 64k`);
  const count = files === undefined ? 1 : Number(/^\d{1,4}$/.exec(files)?.[0] ?? 0);
  if (count >= 1 && count <= mostFiles) return limitBytes * count;
  throw refusal("config-invalid", optionsKey, `max-file: "${files}" is no number of files; 1 to ${mostFiles} would be right`);
}

function refusal(code: "unsupported" | "config-invalid", optionsKey: string, text: string): DriverError {
  return new DriverError(code, `config key ${optionsKey}.${text}`, { configKey: optionsKey });
}

interface RefusedOptions {
  readonly refused: readonly string[];
  readonly reason: string;
}

function refuseOptions({ options, optionsKey }: NamedLogging, { refused, reason }: RefusedOptions): void {
  const found = refused.filter((name) => name in options);
  if (found.length === 0) return;
  const all = found.map((name) => `${optionsKey}.${name}`).join(", ");
  const message = `config key ${all}: would have no effect, as ${reason}; remove ${found.length === 1 ? "it" : "them"}`;
  throw new DriverError("unsupported", message, { configKey: optionsKey });
}
