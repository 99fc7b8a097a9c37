import { DriverError, type LinuxResources, type TaskResources } from "@driver/nomad-plugin";

const mib = 1_048_576;

/** The kernel takes no other shares (cgroup v1: `cpu.shares`; v2: runtimes make a weight of them, and some fail beyond). */
const [fewestShares, mostShares] = [2, 262_144];

/** Limits in Podman's spelling (OCI LinuxResources). */
export interface PodmanLimits {
  readonly memory?: { readonly limit?: number; readonly reservation?: number };
  readonly cpu?: { readonly shares?: number; readonly cpus?: string; readonly quota?: number; readonly period?: number };
}

/** What the engine may limit. */
export interface LimitingEngine {
  readonly rootless: boolean;
  /** The cgroup v2 controllers at the engine's hand; empty where it does not say. */
  readonly cgroupControllers: readonly string[];
}

export interface CpuLimitOptions {
  readonly hardLimit: boolean;
  /** Microseconds; 0: 100 000. */
  readonly periodUs: number;
  readonly hostCpuCount: number;
}

/**
 * `memory_max` is the limit where it is set, and `memory` is then what the kernel keeps for the task; -1 means no
 * limit (`nomad` 2.0.4). Shares beyond what the kernel takes count as the nearest it does, as with Nomad's Docker driver. They are sent to a rootless Podman only where systemd has delegated the CPU controller to its
 * user; a limit that the user's cgroups cannot hold would fail every start (podman 5.4 with crun), so it is refused.
 */
export function planLimits(resources: TaskResources, cpu: CpuLimitOptions, engine: LimitingEngine): PodmanLimits {
  const memory = planMemory(resources);
  const mayWeigh = !engine.rootless || engine.cgroupControllers.includes("cpu");
  const shares = mayWeigh && resources.cpuShares > 0 ? Math.min(mostShares, Math.max(fewestShares, resources.cpuShares)) : undefined;
  // `cpusetCgroup` is not followed: every task has one, and what Nomad puts into it changes while the task runs.
  const cpus = resources.linux.cpusetCpus === "" ? undefined : resources.linux.cpusetCpus;
  if (cpus !== undefined) checkController("cpuset", "cores", engine);
  if (cpu.hardLimit) checkController("cpu", "cpu_hard_limit", engine);
  const hard = cpu.hardLimit ? planQuota(resources.linux.percentTicks, cpu) : givenQuota(resources.linux);
  return {
    ...(Object.keys(memory).length > 0 && { memory }),
    cpu: { ...(shares !== undefined && { shares }), ...(cpus !== undefined && { cpus }), ...hard },
  };
}

function checkController(controller: string, key: string, { rootless, cgroupControllers }: LimitingEngine): void {
  if (!rootless || cgroupControllers.length === 0 || cgroupControllers.includes(controller)) return;
  throw new DriverError(
    "config-invalid",
    `${key}: this rootless Podman has the cgroup controllers ${cgroupControllers.join(", ")}, but not ${controller}: have systemd delegate it to the user (Delegate= of user@.service), or use a rootful socket`,
  );
}

/** The limit Podman will enforce; undefined: none. */
export function memoryLimitBytes(resources: TaskResources): number | undefined {
  return planMemory(resources).limit;
}

function planMemory({ memoryMb, memoryMaxMb }: TaskResources): { readonly limit?: number; readonly reservation?: number } {
  if (memoryMaxMb === -1) return memoryMb > 0 ? { reservation: memoryMb * mib } : {};
  if (memoryMaxMb > 0) return { limit: memoryMaxMb * mib, ...(memoryMb > 0 && { reservation: memoryMb * mib }) };
  return memoryMb > 0 ? { limit: memoryMb * mib } : {};
}

/** No agent up to 2.0 fills these in; one that does means them. */
function givenQuota({ cpuQuotaUs, cpuPeriodUs }: LinuxResources): { readonly quota?: number; readonly period?: number } {
  return { ...(cpuQuotaUs > 0 && { quota: cpuQuotaUs }), ...(cpuPeriodUs > 0 && { period: cpuPeriodUs }) };
}

function planQuota(percentTicks: number, cpu: CpuLimitOptions): { readonly quota: number; readonly period: number } {
  if (cpu.periodUs > 1_000_000) {
    throw new DriverError("config-invalid", `cpu_cfs_period: ${cpu.periodUs} is too long: at most 1000000 microseconds`);
  }
  const period = cpu.periodUs === 0 ? 100_000 : Math.max(1000, cpu.periodUs);
  return { period, quota: Math.max(1000, Math.trunc(percentTicks * period) * cpu.hostCpuCount) };
}
