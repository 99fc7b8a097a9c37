import { closeSync, constants, openSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import type { CgroupFolders } from "./cgroup-path.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { readKernelFile, type HostRoots } from "./proc-files.ts";

/**
 * The folder of the cores that all tasks without cores of their own share, from the cgroup that Nomad names for a task.
 * Undefined for a task that has its own, and for an agent before 1.7, which keeps no such folder.
 */
export function toSharedCpusFolder(cpusetCgroup: string): string | undefined {
  // cgroup v2: …/share.slice/<alloc>.<task>.scope; v1: …/cpuset/nomad/share (nomad: client/lib/cgroupslib).
  if (basename(cpusetCgroup) === "share") return cpusetCgroup;
  return basename(dirname(cpusetCgroup)) === "share.slice" ? dirname(cpusetCgroup) : undefined;
}

/** How many cores a list of the kernel's names, such as `0-2,5`. */
export function countCpus(list: string): number {
  return list.split(",").reduce((sum, range) => {
    const [first, last = first] = range.trim().split("-").map(Number);
    return first === undefined || last === undefined || Number.isNaN(first + last) ? sum : sum + last - first + 1;
  }, 0);
}

/**
 * How many cores the machine has, however few of them this process may use: an agent's unit may have CPUAffinity or CPUQuota. Infinite
 * where the kernel does not tell.
 */
export function countHostCpus({ procDir }: Pick<HostRoots, "procDir">): number {
  return readKernelFile(join(procDir, "stat"))?.match(/^cpu\d/gm)?.length ?? Infinity;
}

/** How many of them this process may use, whatever time its cgroup has on them: what Go counts, and so the Go driver. */
export function countOwnCpus({ procDir }: Pick<HostRoots, "procDir">): number {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readKernelFile(join(procDir, "self/status")) ?? "")?.[1];
  return list === undefined ? availableParallelism() : countCpus(list);
}

/** The cores that a container is confined to; empty: to none, or its cgroup has no such controller. */
export function readConfinement(roots: HostRoots, folders: CgroupFolders): string {
  return readKernelFile(confinementFile(roots, folders))?.trim() ?? "";
}

/** Lets a container run on these cores only, from now on. Throws what the kernel says where it does not do it. */
export function confineToCpus(roots: HostRoots, folders: CgroupFolders, cpus: string): void {
  // Never made: a file that is missing there is a controller that this cgroup does not have.
  const fd = openSync(confinementFile(roots, folders), constants.O_WRONLY | constants.O_TRUNC);
  try {
    writeSync(fd, cpus);
  } finally {
    closeSync(fd);
  }
}

function confinementFile(roots: HostRoots, folders: CgroupFolders): string {
  const ofFirst = (dir: string): string => join(roots.cgroupDir, "cpuset", relative(join(roots.cgroupDir, "memory"), dir));
  return join(folders.version === 2 ? folders.dir : ofFirst(folders.memoryDir), "cpuset.cpus");
}

/** Follows folders of shared cores, which Nomad narrows and widens while tasks run: one reading a beat for all tasks of a folder. */
export class SharedCpus {
  readonly #heartbeat: Heartbeat;
  readonly #listeners = new Map<string, Set<(cpus: string) => void>>();
  #stopBeat: (() => void) | undefined;

  constructor(heartbeat: Heartbeat) {
    this.#heartbeat = heartbeat;
  }

  /** Calls `listener` now and at each beat with the folder's cores, unless it tells none. Returns the way to end it. */
  subscribe(folder: string, listener: (cpus: string) => void): () => void {
    const others = this.#listeners.get(folder) ?? new Set();
    this.#listeners.set(folder, others.add(listener));
    this.#stopBeat ??= this.#heartbeat.subscribe(() => this.#beat());
    const cpus = readCpus(folder);
    if (cpus !== "") listener(cpus);
    return () => {
      others.delete(listener);
      if (others.size === 0) this.#listeners.delete(folder);
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#stopBeat?.();
    this.#stopBeat = undefined;
  }

  #beat(): void {
    for (const [folder, listeners] of this.#listeners) {
      const cpus = readCpus(folder);
      if (cpus !== "") for (const listener of listeners) listener(cpus);
    }
  }
}

function readCpus(folder: string): string {
  const names = ["cpuset.cpus.effective", "cpuset.effective_cpus"];
  return names.map((name) => readKernelFile(join(folder, name))?.trim() ?? "").find((text) => text !== "") ?? "";
}
