import { isAlive, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** Words that tell a process from all others of this host and of its later boots. */
export function toProcessMark({ pid, startTicks }: ProcessIdentity, bootId: string): string {
  return `${bootId}/${pid}/${startTicks}`;
}

/** Whether the process of a mark still runs; false for what is no mark. */
export function isMarkedAlive(roots: HostRoots, mark: string, bootId: string): boolean {
  const [, boot, pid, startTicks = ""] = /^(.*)\/(\d+)\/(\d+)$/.exec(mark) ?? [];
  return boot === bootId && isAlive(roots, { pid: Number(pid), startTicks });
}
