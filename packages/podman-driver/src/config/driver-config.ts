import { availableParallelism } from "node:os";
import type { PluginConfig } from "@driver/nomad-plugin";
import { toTimerMs } from "@driver/std";
import { checkNameServer } from "./check-name-server.ts";
import { resolvePolicy } from "./operator-policy.ts";
import { resolveImageCleanUp, type ImageCleanUpPolicy } from "./image-clean-up-policy.ts";
import { parseLimitMs, resolveImageSettings } from "./image-settings.ts";
import { toOptionNotices, type Notice } from "./option-notices.ts";
import { parseDurationMs } from "./parse-duration.ts";
import { pluginSchema, type PluginOptions } from "./plugin-schema.ts";
import { refuseUnapplied } from "./refuse-unapplied.ts";
import { Report, reportAll, type Mistake } from "./report.ts";
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
  readonly warnings: readonly Notice[];
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

/** What the host has to do with a config. */
export interface PluginHost extends HostUsers {
  /** Cores that this process may use, of which `cpu_hard_limit` takes its part. Default: as Node counts them, less what a quota takes. */
  readonly cpuCount?: number;
}

/**
 * Decodes and checks what Nomad sends; rejects what this version would have to ignore.
 * @throws DriverError `config-invalid` or `unsupported` with all mistakes, each with key, value and what would be right
 */
export function resolveDriverConfig(config: PluginConfig, host: PluginHost): DriverConfig {
  // Without a mistake it is decoded.
  return reportAll((report) => resolveInto(report, config, host)) as DriverConfig;
}

/** What there is to say of a config. Of one that cannot be decoded there are no notices. */
export function remarkOnPlugin(
  config: PluginConfig,
  host: PluginHost,
): { readonly mistakes: readonly Mistake[]; readonly notices: readonly Notice[] } {
  const report = new Report();
  const { warnings = [] } = resolveInto(report, config, host) ?? {};
  return { mistakes: report.mistakes, notices: warnings };
}

function resolveInto(report: Report, config: PluginConfig, host: PluginHost): DriverConfig | undefined {
  const options = pluginSchema.decodeAll(config.msgpack, (mistake) => report.note(mistake, ""));
  return options === undefined ? undefined : resolveOptions(options, { config, host, report });
}

interface Given {
  readonly config: PluginConfig;
  readonly host: PluginHost;
  readonly report: Report;
}

function resolveOptions(options: PluginOptions, { config, host, report }: Given): DriverConfig {
  const whatIsSet = pluginSchema.whatIsSet(options);
  refuseUnapplied(whatIsSet, "the agent's plugin block", report);
  const { topology } = config.client ?? {};
  const { sockets, warnings } = resolveSockets(options, host, report);
  for (const [index, server] of options.dns_servers.entries()) checkNameServer(server, { key: `dns_servers[${index}]` }, report);
  return {
    sockets,
    warnings: [...warnings, ...whatIsSet.flatMap(toOptionNotices)],
    callTimeoutMs: resolveCallTimeout(options, report),
    settings: {
      extraLabels: options.extra_labels,
      dnsServers: options.dns_servers,
      defaultRootlessMode: options.networking.default_rootless_mode ?? "",
      hostCpuCount: host.cpuCount ?? availableParallelism(),
      logRoute: resolveLogRoute(options, report),
      policy: resolvePolicy(options, sockets.find(({ isDefault }) => isDefault)?.name ?? "", report),
      deviceCdiKinds: resolveDeviceCdi(options.device_cdi, report),
      selinuxLabel: resolveSelinuxLabel(options.volumes, report),
      images: resolveImageSettings(options, report),
      opensAllocationPath: options.open_allocation_path,
    },
    removesContainers: options.gc.container,
    restartsStopped: resolveRestart(options, report),
    reaping: resolveReaping(options.gc, report),
    imageCleanUp: resolveImageCleanUp(options.gc, report),
    makesGroupPods: options.group_network === "pod",
    compute: { totalComputeMhz: topology?.totalComputeMhz ?? 0, coreCount: topology?.coreCount ?? 0 },
  };
}

function resolveCallTimeout({ client_http_timeout: text }: PluginOptions, report: Report): number {
  const key = "client_http_timeout";
  return toTimerMs(report.attempt(key, Infinity, () => parseLimitMs(text, key)));
}

function resolveRestart({ recover_stopped: restarts, gc }: PluginOptions, report: Report): boolean {
  if (restarts && !gc.container) {
    report.refuse({
      key: "recover_stopped",
      value: restarts,
      problem: "and gc.container = false exclude each other: the kept containers of finished tasks would be started again",
      remedy: "remove one of them",
    });
  }
  return restarts;
}

function resolveReaping({ container, dangling_containers: dangling }: PluginOptions["gc"], report: Report): ReapPolicy | undefined {
  const block = "gc.dangling_containers";
  const durationOf = (key: "period" | "creation_grace"): number | undefined =>
    report.attempt<number | undefined>(`${block}.${key}`, undefined, () => parseDurationMs(dangling[key], `${block}.${key}`));
  const [periodMs = 1, creationGraceMs = 0] = [durationOf("period"), durationOf("creation_grace")];
  if (periodMs === 0) {
    const remedy = `write e.g. 5m, or set ${block}.enabled = false`;
    report.refuse({ key: `${block}.period`, value: dangling.period, problem: "is no period", remedy });
  }
  return dangling.enabled
    ? { periodMs: toTimerMs(periodMs), creationGraceMs, dryRun: dangling.dry_run, keepsStopped: !container }
    : undefined;
}
