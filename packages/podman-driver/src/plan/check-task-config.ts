import { DriverError, type TaskConfig } from "@driver/nomad-plugin";
import { parseDurationMs } from "../config/parse-duration.ts";
import { resolveLogFiles } from "../config/resolve-log-files.ts";
import { resolveTaskLogging } from "../config/resolve-logging.ts";
import { decodeTaskOptions, type TaskOptions } from "../config/task-schema.ts";
import { toPullReference } from "../image/image-reference.ts";
import { planCommand } from "./command.ts";
import { checkNetworkMode } from "./network.ts";
import { planPorts } from "./ports.ts";
import { describeUnappliedKeys, findUnappliedKeys } from "./refused-keys.ts";
import { planLimits, type LimitingEngine } from "./resources.ts";

/** A key of a task's config that StartTask would refuse. */
export interface ConfigProblem {
  /** Dotted path below the config block, e.g. `logging.driver`; empty for the block itself. */
  readonly path: string;
  readonly message: string;
}

/** What only the real engine can refuse is left to it. */
const ableEngine: LimitingEngine = { rootless: false, cgroupControllers: [] };

/**
 * What StartTask would refuse whatever Podman and the operator's settings are, in the words it would use. Empty: only a
 * start can tell. For hosts that want to know before they start anything.
 */
export function checkTaskConfig(task: TaskConfig): readonly ConfigProblem[] {
  try {
    return checkOptions(task, decodeTaskOptions(task.driverConfig));
  } catch (error) {
    return [toProblem(error, "")];
  }
}

function checkOptions(task: TaskConfig, options: TaskOptions): readonly ConfigProblem[] {
  const rules: Readonly<Record<string, () => unknown>> = {
    image: () => toPullReference(options.image),
    image_pull_timeout: () => parseDurationMs(options.image_pull_timeout, "image_pull_timeout"),
    entrypoint: () => planCommand(options),
    log_files: () => resolveLogFiles(options.log_files, "log_files", undefined),
    logging: () => resolveTaskLogging(options.logging, { kind: "file" }),
    network_mode: () => checkOwnNetwork(task, options.network_mode ?? ""),
    ports: () => planPorts(task, options.ports),
    cpu_cfs_period: () => planLimits(task.resources, { hardLimit: options.cpu_hard_limit, periodUs: options.cpu_cfs_period ?? 0, hostCpuCount: 1 }, ableEngine),
  };
  const unapplied = findUnappliedKeys(options).map((path) => ({ path, message: describeUnappliedKeys([path]) }));
  return [...unapplied, ...Object.entries(rules).flatMap(([path, rule]) => problemOf(path, rule))];
}

/** In the group's network the mode does not count. */
function checkOwnNetwork(task: TaskConfig, networkMode: string): void {
  if (networkMode !== "" && (task.networkIsolation?.path ?? "") === "") checkNetworkMode(networkMode);
}

function problemOf(path: string, rule: () => unknown): readonly ConfigProblem[] {
  try {
    rule();
    return [];
  } catch (error) {
    return [toProblem(error, path)];
  }
}

function toProblem(error: unknown, path: string): ConfigProblem {
  if (!(error instanceof DriverError)) throw error;
  return { path: error.configKey ?? path, message: error.message };
}
