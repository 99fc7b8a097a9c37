import type { LogOrigin } from "./log-route.ts";
import { parseMemorySize } from "./parse-memory-size.ts";
import type { Report } from "./report.ts";

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
 * What a `logging` block asks for. A block without a driver means "nomad", as does a missing block. A driver or an option that would
 * be ignored or cannot work is refused.
 * @param key the path of the block, for messages
 */
export function resolveLogOrigin(logging: LoggingOptions | undefined, key: string, report: Report): LogOrigin {
  const named = nameParts(logging, key, report);
  const { driver, driverKey, options } = named;
  switch (driver) {
    case "":
    case "nomad":
    case "k8s-file":
    // Podman itself writes the same file for both (podman 4.3).
    case "json-file":
      return toFile(named, report);
    case "journald":
      refuseOptions(named, { refused: ["path", "max-size", "max-file"], reason: "the journal has no file for each task" }, report);
      return { kind: "journal", options };
    case "none":
      refuseOptions(named, { refused: Object.keys(options), reason: `${driverKey} "none" keeps no output` }, report);
      return { kind: "none" };
    default:
      report.refuse({
        key: driverKey,
        value: driver,
        problem: whyNot(driver),
        remedy: `use one of ${possibleLogDrivers}`,
        code: "unsupported",
      });
      return { kind: "none" };
  }
}

/** The task's own `logging` block counts when it says anything, else the plugin's (as with the Go driver). */
export function resolveTaskLogOrigin(logging: LoggingOptions | undefined, ofPlugin: LogOrigin, report: Report): LogOrigin {
  const { driver = "", type = "", options = {}, config = {} } = logging ?? {};
  const saysNothing = driver === "" && type === "" && Object.keys({ ...options, ...config }).length === 0;
  return saysNothing ? ofPlugin : resolveLogOrigin(logging, "logging", report);
}

/** One of the two spellings of each part; both are a mistake, as one of them would not count. */
function nameParts(
  { driver = "", type = "", options = {}, config = {} }: Partial<LoggingOptions> = {},
  key: string,
  report: Report,
): NamedLogging {
  const [hasOptions, hasConfig] = [options, config].map((one) => Object.keys(one).length > 0);
  const refuseSecond = (second: string, first: string): void =>
    report.refuse({
      key: `${key}.${second}`,
      problem: `is a second name for ${key}.${first}, which is set too`,
      remedy: "remove one of the two",
    });
  if (driver !== "" && type !== "") refuseSecond("type", "driver");
  if (hasOptions === true && hasConfig === true) refuseSecond("config", "options");
  return {
    driver: driver === "" ? type : driver,
    driverKey: type === "" ? `${key}.driver` : `${key}.type`,
    options: hasConfig === true ? config : options,
    optionsKey: hasConfig === true ? `${key}.config` : `${key}.options`,
  };
}

function whyNot(driver: string): string {
  // Podman takes it, and the output goes to where its service writes its own (podman 4.3).
  return driver.startsWith("passthrough") ? "would send the output to the Podman service's own" : "is no log driver of Podman";
}

/** conmon ends with an error over a tag here, and Podman ignores whatever else it does not know (podman 4.3). */
function toFile(named: NamedLogging, report: Report): LogOrigin {
  const { "max-size": size, "max-file": files, tag, path, ...others } = named.options;
  const { optionsKey, driverKey } = named;
  const driver = named.driver === "" ? "nomad" : named.driver;
  const refuse = (option: string, problem: string, remedy: string): void =>
    report.refuse({ key: `${optionsKey}.${option}`, problem, remedy, code: "unsupported" });
  if (tag !== undefined) refuse("tag", `has no meaning with the log driver "${driver}"`, `remove it, or set ${driverKey} = "journald"`);
  if (path !== undefined) refuse("path", "is not supported, as the file is kept in Podman's own storage", "remove it");
  refuseOptions(named, { refused: Object.keys(others), reason: `the log driver "${driver}" knows max-size and max-file alone` }, report);
  if (size !== undefined) return { kind: "file", limitBytes: toLimitBytes(size, files, { optionsKey, report }) };
  if (files !== undefined) refuse("max-file", "would have no effect, as no max-size says how large a file is", "set both or neither");
  return { kind: "file" };
}

/** What stays of it on the disk, in however many files. */
function toLimitBytes(
  size: string,
  files: string | undefined,
  { optionsKey, report }: { readonly optionsKey: string; readonly report: Report },
): number {
  const key = `${optionsKey}.max-size`;
  const limitBytes = report.attempt(key, leastLimitBytes, () => parseMemorySize(size, { key }));
  if (limitBytes < leastLimitBytes) report.refuse({ key, value: size, problem: "is too small", remedy: "it must be at least 64k" });
  const count = files === undefined ? 1 : Number(/^\d{1,4}$/.exec(files)?.[0] ?? 0);
  if (count < 1 || count > mostFiles) {
    const remedy = `1 to ${mostFiles} would be right`;
    report.refuse({ key: `${optionsKey}.max-file`, value: files, problem: "is no number of files", remedy });
  }
  return limitBytes * count;
}

interface RefusedOptions {
  readonly refused: readonly string[];
  readonly reason: string;
}

function refuseOptions({ options, optionsKey }: NamedLogging, { refused, reason }: RefusedOptions, report: Report): void {
  for (const name of refused.filter((one) => one in options)) {
    report.refuse({
      key: `${optionsKey}.${name}`,
      problem: `would have no effect, as ${reason}`,
      remedy: "remove it",
      code: "unsupported",
    });
  }
}
