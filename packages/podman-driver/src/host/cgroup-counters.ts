import type { MemoryUsage } from "@driver/nomad-plugin";
import type { CgroupFolders } from "./cgroup-path.ts";
import { readKernelFile } from "./proc-files.ts";

/** CPU counters since the container started; only their differences mean anything. What the kernel does not tell is left out. */
export interface CpuCounters {
  readonly totalNs?: number | undefined;
  readonly userNs?: number | undefined;
  readonly systemNs?: number | undefined;
  readonly throttledPeriods?: number | undefined;
  readonly throttledTimeNs?: number | undefined;
}

export interface CgroupSample {
  readonly cpu: CpuCounters;
  readonly memory: MemoryUsage;
}

/** The kernel counts user and system time in these on cgroup v1 (USER_HZ, 100 on every Linux platform of Node). */
const tickNs = 10_000_000;

/**
 * One reading of a container's accounting, each figure for itself: a host may lack the memory controller, or keep it from this
 * user. Undefined when nothing can be read, which is so once the cgroup is gone.
 */
export function readCgroupSample(folders: CgroupFolders): CgroupSample | undefined {
  return folders.version === 2 ? readUnified(folders.dir) : readLegacy(folders);
}

/** How often the kernel killed a process of this cgroup for memory; undefined when that cannot be read any more. */
export function readOomKills(folders: CgroupFolders): number | undefined {
  const text = readKernelFile(
    folders.version === 2 ? `${folders.dir}/memory.events` : `${folders.memoryDir}/memory.oom_control`,
  );
  return field(text, "oom_kill");
}

function readUnified(dir: string): CgroupSample | undefined {
  const cpu = readKernelFile(`${dir}/cpu.stat`);
  const stat = readKernelFile(`${dir}/memory.stat`);
  const current = readKernelFile(`${dir}/memory.current`);
  if (cpu === undefined && stat === undefined && current === undefined) return undefined;
  return {
    cpu: {
      totalNs: times(field(cpu, "usage_usec"), 1000),
      userNs: times(field(cpu, "user_usec"), 1000),
      systemNs: times(field(cpu, "system_usec"), 1000),
      throttledPeriods: field(cpu, "nr_throttled"),
      throttledTimeNs: times(field(cpu, "throttled_usec"), 1000),
    },
    memory: {
      usageBytes: withoutInactiveFile(toCount(current), field(stat, "inactive_file")),
      rssBytes: field(stat, "anon"),
      cacheBytes: field(stat, "file"),
      kernelUsageBytes: field(stat, "kernel"),
      swapBytes: bytesIn(`${dir}/memory.swap.current`),
      maxUsageBytes: bytesIn(`${dir}/memory.peak`),
    },
  };
}

function readLegacy(folders: CgroupFolders & { version: 1 }): CgroupSample | undefined {
  const usage = readKernelFile(`${folders.cpuacctDir}/cpuacct.usage`);
  const stat = readKernelFile(`${folders.memoryDir}/memory.stat`);
  const current = readKernelFile(`${folders.memoryDir}/memory.usage_in_bytes`);
  if (usage === undefined && stat === undefined && current === undefined) return undefined;
  const split = readKernelFile(`${folders.cpuacctDir}/cpuacct.stat`);
  const throttling = readKernelFile(`${folders.cpuDir}/cpu.stat`);
  return {
    cpu: {
      totalNs: toCount(usage),
      userNs: times(field(split, "user"), tickNs),
      systemNs: times(field(split, "system"), tickNs),
      throttledPeriods: field(throttling, "nr_throttled"),
      throttledTimeNs: field(throttling, "throttled_time"),
    },
    memory: {
      usageBytes: withoutInactiveFile(toCount(current), field(stat, "total_inactive_file")),
      rssBytes: field(stat, "total_rss"),
      cacheBytes: field(stat, "total_cache"),
      swapBytes: field(stat, "total_swap"),
      maxUsageBytes: bytesIn(`${folders.memoryDir}/memory.max_usage_in_bytes`),
    },
  };
}

/** Podman's own figure for memory in use: the page cache that can be dropped at once does not count. */
function withoutInactiveFile(currentBytes: number | undefined, inactiveFileBytes: number | undefined): number | undefined {
  return currentBytes === undefined ? undefined : Math.max(0, currentBytes - (inactiveFileBytes ?? 0));
}

function times(count: number | undefined, unit: number): number | undefined {
  return count === undefined ? undefined : count * unit;
}

function bytesIn(path: string): number | undefined {
  return toCount(readKernelFile(path));
}

/** Undefined for what is no count, such as `max`. */
function toCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,20}\s*$/.test(text) ? Number(text) : undefined;
}

const newline = 10;
const space = 32;

/** The number behind `name ` at the start of a line. Makes no strings on the way: this runs for every task each second. */
function field(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const valueAt = at + name.length + 1;
    if ((at > 0 && text.charCodeAt(at - 1) !== newline) || text.charCodeAt(valueAt - 1) !== space) continue;
    const end = text.indexOf("\n", valueAt);
    return toCount(text.slice(valueAt, end === -1 ? undefined : end));
  }
  return undefined;
}
