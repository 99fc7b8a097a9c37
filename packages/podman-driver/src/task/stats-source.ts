import { CgroupReader, readCgroupSample, type CgroupSample } from "../host/cgroup-counters.ts";
import type { CgroupFolders } from "../host/cgroup-path.ts";
import type { SharedStats, TimedStats } from "../engine/shared-stats.ts";

export interface TimedSample {
  /** Monotonic clock, nanoseconds. */
  readonly atNs: bigint;
  readonly sample: CgroupSample;
}

/** One task's figures, for one reader. */
export interface StatsSource {
  /** `none`: nothing new has come yet. Undefined: there will be no more. */
  read(): TimedSample | "none" | undefined;
  close(): void;
}

export interface StatsSourceOptions {
  readonly containerId: string;
  /** Undefined: this host does not show it. */
  readonly cgroup: CgroupFolders | undefined;
  readonly shared: SharedStats;
  readonly intervalMs: number;
  /** False once the task's end has been told. */
  isRunning(): boolean;
  /** True: the task's process is gone, which will be told. */
  isDead(): boolean;
}

/** The kernel's own figures where they can be read, which end with the cgroup; else Podman's, which show no end. */
export function openStatsSource({ containerId, cgroup, shared, intervalMs, isRunning, isDead }: StatsSourceOptions): StatsSource {
  const close = (): void => undefined;
  if (cgroup !== undefined && readCgroupSample(cgroup) !== undefined) {
    const reader = new CgroupReader(cgroup);
    return { read: () => (isRunning() ? readKernel(reader) : undefined), close: () => reader[Symbol.dispose]() };
  }
  if (isDead()) return { read: () => undefined, close };
  const subscription = shared.subscribe(containerId, intervalMs);
  return { read: () => (isRunning() ? toSample(subscription.take()) : undefined), close: () => subscription.close() };
}

function readKernel(reader: CgroupReader): TimedSample | undefined {
  const sample = reader.read();
  return sample === undefined ? undefined : { atNs: process.hrtime.bigint(), sample };
}

/** Podman tells neither what its figure for memory consists of, nor whether the CPU was throttled. */
function toSample(report: TimedStats | undefined): TimedSample | "none" {
  if (report === undefined) return "none";
  const { cpuNs, cpuSystemNs, memoryBytes } = report.stats;
  const cpu = { totalNs: cpuNs, userNs: Math.max(0, cpuNs - cpuSystemNs), systemNs: cpuSystemNs };
  return { atNs: report.atNs, sample: { cpu, memory: { usageBytes: memoryBytes } } };
}
