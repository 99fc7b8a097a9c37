import { availableParallelism } from "node:os";
import { DriverError, type PluginConfig } from "@driver/nomad-plugin";
import type { LogFileLimits } from "../logs/open-log-sinks.ts";
import type { PlanPolicy } from "../plan/container-plan.ts";
import type { ReapPolicy } from "../reap/plan-reaping.ts";
import type { NodeCompute } from "../task/stats-sampler.ts";
import { toTimerMs } from "../to-timer-ms.ts";
import { parseDurationMs } from "./parse-duration.ts";
import { decodePluginConfig, type PluginOptions } from "./plugin-schema.ts";
import { resolveLogFiles } from "./resolve-log-files.ts";
import { resolveLogCollection } from "./resolve-log-collection.ts";
import { resolveLogging } from "./resolve-logging.ts";
import { resolveSockets, type PodmanSocket } from "./resolve-sockets.ts";

/** The operator's wishes, checked; what the whole driver works with. */
export interface DriverConfig {
  readonly sockets: readonly PodmanSocket[];
  /** What the operator should know, for the log. */
  readonly warnings: readonly string[];
  readonly callTimeoutMs: number;
  readonly policy: PlanPolicy;
  /** False: DestroyTask leaves the stopped container for a look at it. */
  readonly removesContainers: boolean;
  /** True: a stopped container is started again when its task is recovered. */
  readonly restartsStopped: boolean;
  /** Undefined: containers that Nomad has lost stay. */
  readonly reaping: ReapPolicy | undefined;
  /** Rotation of the log files the driver writes itself, where a task does not say otherwise. */
  readonly logFiles: LogFileLimits;
  readonly compute: NodeCompute;
}

/** Decodes and checks what Nomad sends; rejects what this version would have to ignore. */
export function resolveDriverConfig(config: PluginConfig, uid: number): DriverConfig {
  const options = decodePluginConfig(config.msgpack);
  refuseUnappliedKeys(options);
  const callTimeoutMs = parseDurationMs(options.client_http_timeout, "client_http_timeout");
  const { topology } = config.client ?? {};
  return {
    ...resolveSockets(options, uid),
    callTimeoutMs: toTimerMs(callTimeoutMs === 0 ? Infinity : callTimeoutMs),
    policy: {
      extraLabels: options.extra_labels,
      dnsServers: options.dns_servers,
      defaultRootlessMode: options.networking.default_rootless_mode ?? "",
      hostCpuCount: availableParallelism(),
      logCollection: resolveLogCollection(options),
      logging: resolveLogging(options.logging, "logging"),
    },
    logFiles: resolveLogFiles(options.log_files, "log_files", undefined),
    removesContainers: options.gc.container,
    restartsStopped: resolveRestart(options),
    reaping: resolveReaping(options.gc),
    compute: { totalComputeMhz: topology?.totalComputeMhz ?? 0, coreCount: topology?.coreCount ?? 0 },
  };
}

function resolveRestart({ recover_stopped: restarts, gc }: PluginOptions): boolean {
  if (!restarts || gc.container) return restarts;
  throw new DriverError("config-invalid", "config keys recover_stopped and gc.container = false exclude each other: the kept containers of finished tasks would be started again; remove one");
}

function resolveReaping({ container, dangling_containers: dangling }: PluginOptions["gc"]): ReapPolicy | undefined {
  const key = "gc.dangling_containers";
  const periodMs = parseDurationMs(dangling.period, `${key}.period`);
  const creationGraceMs = parseDurationMs(dangling.creation_grace, `${key}.creation_grace`);
  if (periodMs === 0) throw new DriverError("config-invalid", `config key ${key}.period: "${dangling.period}" is no period; write e.g. 5m, or set ${key}.enabled = false`);
  return dangling.enabled ? { periodMs: toTimerMs(periodMs), creationGraceMs, dryRun: dangling.dry_run, keepsStopped: !container } : undefined;
}

/** Keys of the Go driver and ours that this version does not act on. Silence would be worse than an agent that says so. */
function refuseUnappliedKeys(options: PluginOptions): void {
  const refused = [
    ...(options.auth?.config ? ["auth.config"] : []),
    ...(options.auth?.helper ? ["auth.helper"] : []),
    ...(options.volumes.selinuxlabel ? ["volumes.selinuxlabel"] : []),
  ];
  if (refused.length === 0) return;
  throw new DriverError("unsupported", `plugin config: ${refused.join(", ")} ${refused.length === 1 ? "is" : "are"} not supported yet: remove ${refused.length === 1 ? "it" : "them"} from the agent's plugin block`);
}
