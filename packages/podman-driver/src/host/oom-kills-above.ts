import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readOomKills } from "./cgroup-counters.ts";
import type { CgroupFolders } from "./cgroup-path.ts";
import { readKernelFile, type HostRoots } from "./proc-files.ts";

/**
 * Proves of a container whose group is gone that the kernel has killed nothing in it for want of memory: the group above counts the
 * kills of all groups below it, and outlives them. cgroup v2 alone.
 */
export class OomKillsAbove {
  readonly #dir: string;
  readonly #group: bigint;
  readonly #count: number;

  private constructor(dir: string, group: bigint, count: number) {
    this.#dir = dir;
    this.#group = group;
    this.#count = count;
  }

  /** Undefined where it could prove nothing: a kill is counted in the container's group already, or a counter cannot be read. */
  static since(roots: HostRoots, cgroup: CgroupFolders): OomKillsAbove | undefined {
    if (cgroup.version !== 2 || !countsKillsBelow(roots)) return undefined;
    const dir = dirname(cgroup.dir);
    const group = identify(dir);
    const count = readOomKills({ version: 2, dir });
    // Read last: a kill before this is seen here, and one after it above.
    const isUntouched = readOomKills(cgroup) === 0;
    return group === undefined || count === undefined || !isUntouched ? undefined : new OomKillsAbove(dir, group, count);
  }

  /** Whether none has come since; false says nothing, since it may have come in another group. */
  isUnchanged(): boolean {
    return readOomKills({ version: 2, dir: this.#dir }) === this.#count && identify(this.#dir) === this.#group;
  }
}

/** A group that was made anew under the same path counts from 0. The kernel gives such folders numbers that it does not use again soon. */
function identify(dir: string): bigint | undefined {
  return statSync(dir, { bigint: true, throwIfNoEntry: false })?.ino;
}

const countingRoots = new WeakMap<HostRoots, boolean>();

/** False where the hierarchy is mounted with an option by which each group counts its own kills alone; looked up once. */
function countsKillsBelow(roots: HostRoots): boolean {
  const known = countingRoots.get(roots);
  if (known !== undefined) return known;
  const mounts = (readKernelFile(join(roots.procDir, "self/mountinfo")) ?? "").split("\n").filter((line) => line.includes(" - cgroup2 "));
  const counts = mounts.length > 0 && !mounts.some((line) => line.includes("memory_localevents"));
  countingRoots.set(roots, counts);
  return counts;
}
