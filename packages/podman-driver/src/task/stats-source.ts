import { CgroupReader, readCgroupSample, type CgroupSample } from "../host/cgroup-counters.ts";
import type { CgroupFolders } from "../host/cgroup-path.ts";
import type { SharedStats, TimedStats } from "../engine/shared-stats.ts";
import type { TaskProcesses } from "./task-processes.ts";

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

/** The task whose figures are wanted. */
export interface StatsSubject {
  readonly containerId: string;
  /** False once the task's end has been told. */
  readonly isRunning: boolean;
  /** `cgroup` undefined: this host does not show it. */
  readonly processes: Pick<TaskProcesses, "cgroup" | "isMainGone">;
}

export interface StatsSourceOptions {
  readonly shared: SharedStats;
  readonly intervalMs: number;
}

/** The kernel's own figures where they can be read, which end with the cgroup; else Podman's, which show no end. */
export function openStatsSource(task: StatsSubject, { shared, intervalMs }: StatsSourceOptions): StatsSource {
  const { cgroup } = task.processes;
  if (cgroup !== undefined && readCgroupSample(cgroup) !== undefined) return new KernelStats(task, cgroup);
  // Its end will be told.
  if (task.processes.isMainGone()) return { read: () => undefined, close: () => undefined };
  const subscription = shared.subscribe(task.containerId, intervalMs);
  return { read: () => (task.isRunning ? toSample(subscription.take()) : undefined), close: () => subscription.close() };
}

class KernelStats implements StatsSource {
  readonly #task: StatsSubject;
  readonly #reader: CgroupReader;

  constructor(task: StatsSubject, cgroup: CgroupFolders) {
    this.#task = task;
    this.#reader = new CgroupReader(cgroup);
  }

  read(): TimedSample | undefined {
    const sample = this.#task.isRunning ? this.#reader.read() : undefined;
    return sample === undefined ? undefined : { atNs: process.hrtime.bigint(), sample };
  }

  close(): void {
    this.#reader[Symbol.dispose]();
  }
}

/** Podman tells neither what its figure for memory consists of, nor whether the CPU was throttled. */
function toSample(report: TimedStats | undefined): TimedSample | "none" {
  if (report === undefined) return "none";
  const { cpuNs, cpuSystemNs, memoryBytes } = report.stats;
  const cpu = { totalNs: cpuNs, userNs: Math.max(0, cpuNs - cpuSystemNs), systemNs: cpuSystemNs };
  return { atNs: report.atNs, sample: { cpu, memory: { usageBytes: memoryBytes } } };
}
