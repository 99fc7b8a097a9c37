import type { ContainerSpec } from "@driver/libpod";
import type { TaskConfig } from "@driver/nomad-plugin";
import { resolveTaskLogging, type LogSource } from "../config/resolve-logging.ts";
import type { TaskOptions } from "../config/task-schema.ts";
import { planCommand } from "./command.ts";
import { toContainerName } from "./container-name.ts";
import { planDns } from "./dns.ts";
import { planLabels } from "./labels.ts";
import { planLog } from "./log-configuration.ts";
import { planMounts, type PodmanMount } from "./mounts.ts";
import { planHosts, planNetwork } from "./network.ts";
import { describeOwnPorts, planPorts } from "./ports.ts";
import { refuseUnappliedKeys } from "./refused-keys.ts";
import { planLimits } from "./resources.ts";

/** What the plan needs to know of the Podman service that will run the task. */
export interface EngineFacts {
  readonly version: string;
  readonly rootless: boolean;
  readonly cgroupVersion: string;
  readonly cgroupManager: string;
  /** Of cgroup v2; empty where Podman does not say. */
  readonly cgroupControllers: readonly string[];
}

/** What the plugin's configuration adds to every task. */
export interface PlanPolicy {
  readonly extraLabels: readonly string[];
  readonly dnsServers: readonly string[];
  readonly defaultRootlessMode: string;
  readonly hostCpuCount: number;
  /** Who writes the task's log files; off: the container's output is kept by Podman alone. */
  readonly logCollection: "nomad" | "driver" | "off";
  /** Where the output of tasks is kept that do not say it themselves. */
  readonly logging: LogSource;
}

export interface PlanInput {
  readonly task: TaskConfig;
  readonly options: TaskOptions;
  readonly facts: EngineFacts;
  readonly policy: PlanPolicy;
  /** A full reference, or the image's id. */
  readonly image: string;
}

export interface ContainerPlan {
  readonly name: string;
  readonly spec: ContainerSpec;
  /** Things the task's owner should know, for task events. */
  readonly notices: readonly string[];
}

/** Decides everything about a task's container. Pure; rejects with a `DriverError` that names the key. */
export function planContainer(input: PlanInput): ContainerPlan {
  const { task, options, facts, policy } = input;
  refuseUnappliedKeys(options);
  const network = planNetwork(task, options.network_mode ?? "", { ...facts, defaultRootlessMode: policy.defaultRootlessMode });
  const ports = planPorts(task, options.ports);
  // Podman drops published ports with a warning where the container has no network of its own.
  const publishes = ports.length > 0 && !["host", "none", "path"].includes(network.netns.nsmode);
  const name = toContainerName(task.name, task.allocId);
  const spec: ContainerSpec = {
    name,
    image: input.image,
    ...planCommand(options),
    // Nomad has what its device plugins set in both; a host that has not means the task's own words to count.
    env: { ...task.deviceEnv, ...task.env },
    labels: planLabels(task, options, policy.extraLabels),
    ...(options.working_dir !== undefined && { work_dir: options.working_dir }),
    ...(options.hostname !== undefined && { hostname: options.hostname }),
    ...(task.user !== "" && { user: task.user }),
    mounts: planMounts(task, { protectsLogs: policy.logCollection === "driver" }).map(toSpecMount),
    ...(task.devices.length > 0 && { devices: task.devices.map((device) => ({ path: `${device.hostPath}:${device.taskPath}:${device.cgroupPermissions}` })) }),
    resource_limits: planLimits(task.resources, toCpuLimit(input), facts),
    ...(task.resources.linux.oomScoreAdj !== 0 && { oom_score_adj: task.resources.linux.oomScoreAdj }),
    ...(usesNomadSlice(facts) && { cgroup_parent: "nomad.slice" }),
    netns: network.netns,
    ...(publishes && { portmappings: ports }),
    ...planDns(task.dns, policy.dnsServers),
    ...planHosts(task),
    log_configuration: planLog(resolveTaskLogging(options.logging, policy.logging), policy.logCollection),
  };
  const ownPorts = network.netns.nsmode === "host" ? undefined : describeOwnPorts(task);
  const notices = [network.notice, toPortNotice(ports, network.netns.nsmode), ownPorts];
  return { name, spec, notices: notices.filter((notice) => notice !== undefined) };
}

/** In a group's network Nomad publishes the ports itself. */
function toPortNotice(ports: readonly unknown[], nsmode: string): string | undefined {
  if (ports.length === 0 || (nsmode !== "host" && nsmode !== "none")) return undefined;
  const reason = nsmode === "host" ? "the task listens on the host's own ports" : "the task has no network";
  return `ports are not published: with network_mode "${nsmode}" ${reason}`;
}

function toCpuLimit({ options, policy }: PlanInput): { readonly hardLimit: boolean; readonly periodUs: number; readonly hostCpuCount: number } {
  return { hardLimit: options.cpu_hard_limit, periodUs: options.cpu_cfs_period ?? 0, hostCpuCount: policy.hostCpuCount };
}

function toSpecMount(mount: PodmanMount): NonNullable<ContainerSpec["mounts"]>[number] {
  return { ...mount, options: [...mount.options] };
}

/** Nomad's own slice holds its tasks where systemd manages cgroups (as the Go driver does). */
function usesNomadSlice(facts: EngineFacts): boolean {
  return facts.cgroupVersion === "v2" && facts.cgroupManager === "systemd";
}
