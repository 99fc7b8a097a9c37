import { join } from "node:path";
import { isProcessOfContainer, readProcessCgroups } from "./cgroup-path.ts";
import { identifyProcess, readKernelFile, readSessionId, type HostRoots } from "./proc-files.ts";

/**
 * Kills a process of a container and everything in its session, background children included. Does nothing unless the
 * kernel says that the process belongs to this container: the pid comes from an API.
 */
export function killSessionOf(roots: HostRoots, pid: number, containerId: string): void {
  const leader = identifyProcess(roots, pid);
  if (leader === undefined || !isProcessOfContainer(roots, leader, containerId)) return;
  const sessionId = readSessionId(roots, pid);
  for (const member of listCgroupMembers(roots, pid)) {
    if (member !== pid && sessionId !== undefined && readSessionId(roots, member) === sessionId) kill(member);
  }
  kill(pid);
}

/** Pids that share the process's cgroup. */
function listCgroupMembers(roots: HostRoots, pid: number): number[] {
  const groups = readProcessCgroups(roots, pid);
  const memory = groups.get("memory");
  const folder = memory === undefined ? join(roots.cgroupDir, groups.get("") ?? "") : join(roots.cgroupDir, "memory", memory);
  return (readKernelFile(join(folder, "cgroup.procs")) ?? "").split("\n").filter((line) => line !== "").map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended between the look and the blow.
  }
}
