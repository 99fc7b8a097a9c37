import { availableParallelism } from "node:os";
import { DriverError, type PluginConfig } from "@driver/nomad-plugin";
import { toTimerMs } from "@driver/std";
import { resolvePolicy } from "./operator-policy.ts";
import { resolveImageCleanUp, type ImageCleanUpPolicy } from "./image-clean-up-policy.ts";
import { resolveImageSettings } from "./image-settings.ts";
import { toOptionNotices } from "./option-notices.ts";
import { parseDurationMs } from "./parse-duration.ts";
import { pluginSchema, type PluginOptions } from "./plugin-schema.ts";
import { resolveDeviceCdi } from "./resolve-device-cdi.ts";
import { resolveLogRoute } from "./resolve-log-route.ts";
import { resolveSockets, type HostUsers, type PodmanSocket } from "./resolve-sockets.ts";
import { resolveSelinuxLabel } from "./resolve-volume-policy.ts";
import type { TaskSettings } from "./task-settings.ts";

/** The operator's wishes for containers that no task owns. */
export interface ReapPolicy {
  /** Between two looks. */
  readonly periodMs: number;
  /** A younger container is left alone: its task may be about to be recovered. */
  readonly creationGraceMs: number;
  readonly dryRun: boolean;
  /** True: stopped containers are kept on purpose, and only those that hold processes are removed. */
  readonly keepsStopped: boolean;
}

/** What a node's CPU is worth, as Nomad told it; zeros where it did not. */
export interface NodeCompute {
  readonly totalComputeMhz: number;
  readonly coreCount: number;
}

/** The operator's wishes, checked; what the whole driver works with. */
export interface DriverConfig {
  readonly sockets: readonly PodmanSocket[];
  /** What the operator should know, for the log. */
  readonly warnings: readonly string[];
  readonly callTimeoutMs: number;
  readonly settings: TaskSettings;
  /** False: DestroyTask leaves the stopped container for a look at it. */
  readonly removesContainers: boolean;
  /** True: a stopped container is started again when its task is recovered. */
  readonly restartsStopped: boolean;
  /** Undefined: containers that Nomad has lost stay. */
  readonly reaping: ReapPolicy | undefined;
  /** Undefined: images stay. */
  readonly imageCleanUp: ImageCleanUpPolicy | undefined;
  /** True: this driver gives groups their networks, as pods. */
  readonly makesGroupPods: boolean;
  readonly compute: NodeCompute;
}

/** Decodes and checks what Nomad sends; rejects what this version would have to ignore. */
export function resolveDriverConfig(config: PluginConfig, users: HostUsers): DriverConfig {
  const options = pluginSchema.decode(config.msgpack);
  refuseUnapplied(options);
  const callTimeoutMs = parseDurationMs(options.client_http_timeout, "client_http_timeout");
  const { topology } = config.client ?? {};
  const { sockets, warnings } = resolveSockets(options, users);
  return {
    sockets,
    warnings: [...warnings, ...pluginSchema.whatIsSet(options).flatMap(toOptionNotices)],
    callTimeoutMs: toTimerMs(callTimeoutMs === 0 ? Infinity : callTimeoutMs),
    settings: {
      extraLabels: options.extra_labels,
      dnsServers: options.dns_servers,
      defaultRootlessMode: options.networking.default_rootless_mode ?? "",
      hostCpuCount: availableParallelism(),
      logRoute: resolveLogRoute(options),
      policy: resolvePolicy(options, sockets.find(({ isDefault }) => isDefault)?.name ?? ""),
      deviceCdiKinds: resolveDeviceCdi(options.device_cdi),
      selinuxLabel: resolveSelinuxLabel(options.volumes),
      images: resolveImageSettings(options),
    },
    removesContainers: options.gc.container,
    restartsStopped: resolveRestart(options),
    reaping: resolveReaping(options.gc),
    imageCleanUp: resolveImageCleanUp(options.gc),
    makesGroupPods: options.group_network === "pod",
    compute: { totalComputeMhz: topology?.totalComputeMhz ?? 0, coreCount: topology?.coreCount ?? 0 },
  };
}

function resolveRestart({ recover_stopped: restarts, gc }: PluginOptions): boolean {
  if (!restarts || gc.container) return restarts;
  throw new DriverError(
    "config-invalid",
    "config keys recover_stopped and gc.container = false exclude each other: the kept containers of finished tasks would be " +
      "started again; remove one",
  );
}

function resolveReaping({ container, dangling_containers: dangling }: PluginOptions["gc"]): ReapPolicy | undefined {
  const key = "gc.dangling_containers";
  const periodMs = parseDurationMs(dangling.period, `${key}.period`);
  const creationGraceMs = parseDurationMs(dangling.creation_grace, `${key}.creation_grace`);
  if (periodMs === 0) {
    throw new DriverError(
      "config-invalid",
      `config key ${key}.period: "${dangling.period}" is no period; write e.g. 5m, or set ${key}.enabled = false`,
    );
  }
  return dangling.enabled
    ? { periodMs: toTimerMs(periodMs), creationGraceMs, dryRun: dangling.dry_run, keepsStopped: !container }
    : undefined;
}

/** Keys that this version does not act on. Silence would be worse than an agent that says so. */
function refuseUnapplied(options: PluginOptions): void {
  const paths = pluginSchema.whatIsSet(options).flatMap(({ path, facts }) => (facts.notYet === true ? [path] : []));
  if (paths.length === 0) return;
  const [are, them] = paths.length === 1 ? ["is", "it"] : ["are", "them"];
  throw new DriverError(
    "unsupported",
    `plugin config: ${paths.join(", ")} ${are} not supported yet: remove ${them} from the agent's plugin block`,
  );
}
