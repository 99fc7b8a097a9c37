import { existsSync } from "node:fs";
import type { MemoryUsage } from "@driver/nomad-plugin";
import type { CgroupFolders } from "./cgroup-path.ts";
import { KeptFiles, readFile, type ReadFile, type Reading } from "./kept-files.ts";

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
  return readSample(folders, { read: readFile });
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
    return readSample(folders, this.#files);
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}

/** How often the kernel killed a process of this cgroup for memory; undefined when that cannot be read any more. */
export function readOomKills(folders: CgroupFolders): number | undefined {
  const events = folders.version === 2 ? readFile(folders.dir, "memory.events") : readFile(folders.memoryDir, "memory.oom_control");
  return field(events, "oom_kill");
}

interface Files {
  readonly read: ReadFile;
}

function readSample(folders: CgroupFolders, files: Files): CgroupSample | undefined {
  return folders.version === 2 ? readUnified(folders.dir, files) : readLegacy(folders, files);
}

/** Each file is taken apart before the next is read: a reading is good no longer. */
function readUnified(dir: string, files: Files): CgroupSample | undefined {
  const cpuStat = files.read(dir, "cpu.stat");
  const cpu = {
    totalNs: times(field(cpuStat, "usage_usec"), 1000),
    userNs: times(field(cpuStat, "user_usec"), 1000),
    systemNs: times(field(cpuStat, "system_usec"), 1000),
    throttledPeriods: field(cpuStat, "nr_throttled"),
    throttledTimeNs: times(field(cpuStat, "throttled_usec"), 1000),
  };
  const stat = files.read(dir, "memory.stat");
  const inactiveFileBytes = field(stat, "inactive_file");
  const rssBytes = field(stat, "anon");
  const cacheBytes = field(stat, "file");
  const kernelUsageBytes = field(stat, "kernel");
  const current = files.read(dir, "memory.current");
  if (cpuStat === undefined && stat === undefined && current === undefined) return undefined;
  const usageBytes = withoutInactiveFile(toCount(current), inactiveFileBytes);
  const swapBytes = toCount(files.read(dir, "memory.swap.current"));
  const maxUsageBytes = toCount(files.read(dir, "memory.peak"));
  return { cpu, memory: { usageBytes, rssBytes, cacheBytes, kernelUsageBytes, swapBytes, maxUsageBytes } };
}

function readLegacy({ cpuDir, cpuacctDir, memoryDir }: CgroupFolders & { version: 1 }, files: Files): CgroupSample | undefined {
  const usage = files.read(cpuacctDir, "cpuacct.usage");
  const totalNs = toCount(usage);
  const stat = files.read(memoryDir, "memory.stat");
  const inactiveFileBytes = field(stat, "total_inactive_file");
  const rssBytes = field(stat, "total_rss");
  const cacheBytes = field(stat, "total_cache");
  const swapBytes = field(stat, "total_swap");
  const current = files.read(memoryDir, "memory.usage_in_bytes");
  if (usage === undefined && stat === undefined && current === undefined) return undefined;
  const usageBytes = withoutInactiveFile(toCount(current), inactiveFileBytes);
  const split = files.read(cpuacctDir, "cpuacct.stat");
  const userNs = times(field(split, "user"), tickNs);
  const systemNs = times(field(split, "system"), tickNs);
  const throttling = files.read(cpuDir, "cpu.stat");
  const throttledPeriods = field(throttling, "nr_throttled");
  const throttledTimeNs = field(throttling, "throttled_time");
  const maxUsageBytes = toCount(files.read(memoryDir, "memory.max_usage_in_bytes"));
  return {
    cpu: { totalNs, userNs, systemNs, throttledPeriods, throttledTimeNs },
    memory: { usageBytes, rssBytes, cacheBytes, swapBytes, maxUsageBytes },
  };
}

/** Podman's own figure for memory in use: the page cache that can be dropped at once does not count. */
function withoutInactiveFile(currentBytes: number | undefined, inactiveFileBytes: number | undefined): number | undefined {
  return currentBytes === undefined ? undefined : Math.max(0, currentBytes - (inactiveFileBytes ?? 0));
}

function times(count: number | undefined, unit: number): number | undefined {
  return count === undefined ? undefined : count * unit;
}

/** The number that a file consists of; undefined for what is no count, such as `max`. */
function toCount(reading: Reading | undefined): number | undefined {
  return reading === undefined ? undefined : countAt(reading, 0, reading.length);
}

const newline = 10;
const space = 32;
const zero = 48;
/** Of 64 bits, and of those that a number holds exactly. */
const mostDigits = 20;
const exactDigits = 15;

/** The number behind `name ` at the start of a line. Makes nothing on the way: this runs for every task each second. */
function field(reading: Reading | undefined, name: string): number | undefined {
  if (reading === undefined) return undefined;
  for (let at = 0; at < reading.length; at = lineEnd(reading, at) + 1) {
    if (!isNameAt(reading, at, name)) continue;
    return countAt(reading, at + name.length + 1, lineEnd(reading, at));
  }
  return undefined;
}

function isNameAt({ bytes }: Reading, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) if (bytes[at + index] !== name.charCodeAt(index)) return false;
  return bytes[at + name.length] === space;
}

function lineEnd({ bytes, length }: Reading, at: number): number {
  let end = at;
  while (end < length && bytes[end] !== newline) end += 1;
  return end;
}

/** The number that stands from `at` to `end` with nothing but blanks behind it. */
function countAt({ bytes }: Reading, at: number, end: number): number | undefined {
  let count = 0;
  let next = at;
  for (; next < end && isDigit(bytes[next]); next += 1) count = count * 10 + ((bytes[next] ?? zero) - zero);
  const digits = next - at;
  if (digits === 0 || digits > mostDigits) return undefined;
  for (let rest = next; rest < end; rest += 1) if (!isBlank(bytes[rest])) return undefined;
  return digits > exactDigits ? Number(bytes.toString("latin1", at, next)) : count;
}

function isDigit(byte = 0): boolean {
  return byte >= zero && byte < zero + 10;
}

function isBlank(byte = 0): boolean {
  return byte === space || (byte >= 9 && byte <= 13);
}
