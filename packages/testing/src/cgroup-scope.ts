import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** One mounted cgroup hierarchy and the group of the calling process in it. */
export interface CgroupHierarchy {
  readonly mountPoint: string;
  /** Controllers of a v1 hierarchy (`name=systemd` included), empty for v2. */
  readonly controllers: readonly string[];
  /** Path of our own group below the mount point, `/` for the root. */
  readonly ownPath: string;
}

/** Reads /proc/self/mountinfo and /proc/self/cgroup; each hierarchy is listed once. */
export function parseCgroupHierarchies(mountinfo: string, selfCgroup: string): CgroupHierarchy[] {
  const paths = new Map<string, string>();
  for (const line of selfCgroup.split("\n")) {
    const match = /^\d+:([^:]*):(.+)$/.exec(line);
    if (match?.[2] !== undefined) paths.set(match[1] ?? "", match[2]);
  }
  const found = new Map<string, CgroupHierarchy>();
  for (const line of mountinfo.split("\n")) {
    const match = /^\S+ \S+ \S+ (\S+) (\S+) .*? - (cgroup2?) \S+ (\S+)$/.exec(line);
    if (match === null) continue;
    const [, root = "", mountPoint = "", type = "", options = ""] = match;
    const key = type === "cgroup2" ? "" : [...paths.keys()].find((name) => name !== "" && hasAll(options, name));
    const path = key === undefined ? undefined : paths.get(key);
    if (key === undefined || path === undefined || root !== "/" || found.has(key)) continue;
    found.set(key, { mountPoint, controllers: key === "" ? [] : key.split(","), ownPath: path });
  }
  return [...found.values()];
}

function hasAll(options: string, controllers: string): boolean {
  const given = new Set(options.split(","));
  return controllers.split(",").every((controller) => given.has(controller));
}

/** Groups of one name, one in each hierarchy: everything that runs below them belongs to one world. */
export interface CgroupScope {
  readonly directories: readonly string[];
}

interface PlannedGroup {
  readonly parent: string;
  readonly directory: string;
  readonly hierarchy: CgroupHierarchy;
}

/**
 * Below our own group on v1, so that limits set on us still hold; at the root on v2, where a group with processes cannot pass
 * controllers on.
 */
function planGroups(name: string): PlannedGroup[] {
  const hierarchies = parseCgroupHierarchies(readFileSync("/proc/self/mountinfo", "utf8"), readFileSync("/proc/self/cgroup", "utf8"));
  const unifiedOnly = hierarchies.every((hierarchy) => hierarchy.controllers.length === 0);
  return hierarchies.map((hierarchy) => {
    const parent = unifiedOnly ? hierarchy.mountPoint : join(hierarchy.mountPoint, hierarchy.ownPath);
    return { parent, directory: join(parent, name), hierarchy };
  });
}

/** Makes a group called `name` in every hierarchy; all or none. */
export async function createCgroupScope(name: string): Promise<CgroupScope> {
  const groups = planGroups(name);
  const unifiedOnly = groups.every((group) => group.hierarchy.controllers.length === 0);
  const scope = { directories: groups.map((group) => group.directory) };
  try {
    for (const { parent, directory, hierarchy } of groups) {
      await mkdir(directory);
      if (hierarchy.controllers.includes("cpuset")) await copyCpuset(parent, directory);
      if (unifiedOnly) await enableControllers(parent);
    }
  } catch (error) {
    await removeCgroupScope(scope);
    throw error;
  }
  return scope;
}

/** A fresh v1 cpuset group has no CPUs, and no process can enter it before it has. */
async function copyCpuset(parent: string, directory: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    await writeFile(join(directory, file), await readFile(join(parent, file)));
  }
}

async function enableControllers(directory: string): Promise<void> {
  const available = (await readFile(join(directory, "cgroup.controllers"), "utf8")).trim().split(" ");
  for (const controller of available) {
    // A controller that cannot be passed on is one that containers do without, as they would outside.
    await writeFile(join(directory, "cgroup.subtree_control"), `+${controller}`).catch(() => undefined);
  }
}

/** Removes the groups and all below them. Their processes must be dead or dying: it waits up to 5 s for the kernel. */
export async function removeCgroupScope(scope: CgroupScope): Promise<void> {
  const deadline = Date.now() + 5000;
  for (const directory of scope.directories) {
    while (!(await removeCgroupTree(directory)) && Date.now() < deadline) await delay(20);
  }
}

async function removeCgroupTree(directory: string): Promise<boolean> {
  try {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeCgroupTree(join(directory, entry.name));
    }
    await rmdir(directory);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}
