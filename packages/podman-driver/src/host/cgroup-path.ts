import { existsSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/**
 * A cgroup path is only followed when it looks exactly like one that Podman makes for this container: a rootless
 * user's service could name any folder otherwise.
 */
export function isCgroupPathOf(path: string, containerId: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(containerId)) return false;
  if (!/^(\/[A-Za-z0-9_.:@\\-]+)+$/.test(path) || path.split("/").includes("..")) return false;
  const last = path.slice(path.lastIndexOf("/") + 1);
  return last === `libpod-${containerId}` || last === `libpod-${containerId}.scope` || last === `libpod-payload-${containerId}`;
}

/** The cgroup of each controller a process is in; key "" is the unified (v2) hierarchy. Throws a shortage (`isShortage`). */
export function readProcessCgroups(roots: HostRoots, pid: number): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const line of (readIfThere(join(roots.procDir, String(pid), "cgroup")) ?? "").split("\n")) {
    const [, controllers, ...path] = line.split(":");
    if (controllers === undefined || path.length === 0) continue;
    for (const controller of controllers.split(",")) groups.set(controller, path.join(":"));
  }
  return groups;
}

/**
 * Whether a process belongs to a container by the kernel's own word, whatever an API said. crun puts the
 * processes into an inner `container` group below the scope.
 */
export function isProcessOfContainer(roots: HostRoots, process: ProcessIdentity, containerId: string): boolean {
  for (const path of readProcessCgroups(roots, process.pid).values()) {
    if (path.split("/").some((part) => isCgroupPathOf(`/${part}`, containerId))) return true;
  }
  return false;
}

/** The folders that hold a container's accounting. */
export type CgroupFolders =
  | { readonly version: 2; readonly dir: string }
  | { readonly version: 1; readonly memoryDir: string; readonly cpuDir: string; readonly cpuacctDir: string };

/**
 * Folders for a cgroup path that passed `isCgroupPathOf`; undefined when the host mounts no cgroups. A host may lack one of
 * the controllers of cgroup v1.
 */
export function resolveCgroupFolders(roots: HostRoots, path: string): CgroupFolders | undefined {
  const at = (controller: string): string => join(roots.cgroupDir, controller, path);
  if (existsSync(join(roots.cgroupDir, "cgroup.controllers"))) return { version: 2, dir: join(roots.cgroupDir, path) };
  if (!existsSync(join(at("memory"), "memory.usage_in_bytes")) && !existsSync(join(at("cpuacct"), "cpuacct.usage"))) return undefined;
  return { version: 1, memoryDir: at("memory"), cpuDir: at("cpu"), cpuacctDir: at("cpuacct") };
}
