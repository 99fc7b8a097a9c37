import { writeFileSync } from "node:fs";
import { isCgroupPathOf, readProcessCgroups } from "./cgroup-path.ts";
import { readKernelFile, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/**
 * Whether the kernel lets none of the process's cgroup run, as in a paused container: only then it gets no signal (SIGKILL on v2
 * apart).
 */
export function isFrozen(roots: HostRoots, process: ProcessIdentity): boolean {
  const { freezer, unified } = readGroups(roots, process);
  if (freezer !== undefined && readKernelFile(`${roots.cgroupDir}/freezer${freezer}/freezer.state`)?.startsWith("FR") === true) return true;
  return unified !== undefined && /^frozen 1$/m.test(readKernelFile(`${roots.cgroupDir}${unified}/cgroup.events`) ?? "");
}

/**
 * Lets a paused container's processes go on without the engine, which then still takes it for paused. Touches no group but the
 * container's own and those below it. Best effort: what cannot be written stays as it is.
 */
export function thaw(roots: HostRoots, process: ProcessIdentity, containerId: string): void {
  const { freezer, unified } = readGroups(roots, process);
  for (const path of groupsOf(freezer, containerId)) write(`${roots.cgroupDir}/freezer${path}/freezer.state`, "THAWED");
  for (const path of groupsOf(unified, containerId)) write(`${roots.cgroupDir}${path}/cgroup.freeze`, "0");
}

/** Nothing where they cannot be read: a signal is tried all the same. */
function readGroups(
  roots: HostRoots,
  { pid }: ProcessIdentity,
): { readonly freezer?: string | undefined; readonly unified?: string | undefined } {
  try {
    const groups = readProcessCgroups(roots, pid);
    return { freezer: groups.get("freezer"), unified: groups.get("") };
  } catch {
    return {};
  }
}

/** A group and those above it, up to the container's outermost; none when the path is not the container's. */
function groupsOf(path: string | undefined, containerId: string): readonly string[] {
  const parts = path?.split("/") ?? [];
  const paths = parts.map((_part, index) => parts.slice(0, index + 1).join("/"));
  const outermost = paths.findIndex((one) => isCgroupPathOf(one, containerId));
  return outermost === -1 ? [] : paths.slice(outermost);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "r+" });
  } catch {
    // No such controller, or not this user's group: the signal that follows shows whether it mattered.
  }
}
