import { existsSync } from "node:fs";
import type { MemoryUsage } from "@driver/nomad-plugin";
import type { CgroupFolders } from "./cgroup-path.ts";
import { KeptFiles, readFile, type ReadFile } from "./kept-files.ts";

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
export function readCgroupSample(folders: CgroupFolders, read: ReadFile = readFile): CgroupSample | undefined {
  return folders.version === 2 ? readUnified(folders.dir, read) : readLegacy(folders, read);
}

/** Reads one container's accounting time and again; holds up to six descriptors until it is disposed of. */
export class CgroupReader implements Disposable {
  readonly #folders: CgroupFolders;
  readonly #files = new KeptFiles();

  constructor(folders: CgroupFolders) {
    this.#folders = folders;
  }

  /** As `readCgroupSample`. */
  read(): CgroupSample | undefined {
    const folders = this.#folders;
    // A group that is gone has no figures, whatever its open files still say.
    if (!existsSync(folders.version === 2 ? folders.dir : folders.cpuacctDir)) this[Symbol.dispose]();
    return readCgroupSample(folders, this.#files.read);
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}

/** How often the kernel killed a process of this cgroup for memory; undefined when that cannot be read any more. */
export function readOomKills(folders: CgroupFolders): number | undefined {
  const text = folders.version === 2 ? readFile(folders.dir, "memory.events") : readFile(folders.memoryDir, "memory.oom_control");
  return field(text, "oom_kill");
}

function readUnified(dir: string, read: ReadFile): CgroupSample | undefined {
  const cpu = read(dir, "cpu.stat");
  const stat = read(dir, "memory.stat");
  const current = read(dir, "memory.current");
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
      swapBytes: toCount(read(dir, "memory.swap.current")),
      maxUsageBytes: toCount(read(dir, "memory.peak")),
    },
  };
}

function readLegacy(folders: CgroupFolders & { version: 1 }, read: ReadFile): CgroupSample | undefined {
  const usage = read(folders.cpuacctDir, "cpuacct.usage");
  const stat = read(folders.memoryDir, "memory.stat");
  const current = read(folders.memoryDir, "memory.usage_in_bytes");
  if (usage === undefined && stat === undefined && current === undefined) return undefined;
  const split = read(folders.cpuacctDir, "cpuacct.stat");
  const throttling = read(folders.cpuDir, "cpu.stat");
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
      maxUsageBytes: toCount(read(folders.memoryDir, "memory.max_usage_in_bytes")),
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
