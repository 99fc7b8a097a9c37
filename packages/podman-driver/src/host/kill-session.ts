import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups } from "./cgroup-path.ts";
import {
  identifyProcess,
  isAlive,
  readCommandLine,
  readKernelFile,
  readParentPid,
  readSessionId,
  type HostRoots,
  type ProcessIdentity,
} from "./proc-files.ts";

/** What became of a session that was to be killed. `left`: it goes on, for this reason. */
export type KillOutcome = { readonly kind: "killed" } | { readonly kind: "gone" } | { readonly kind: "left"; readonly reason: string };

/**
 * Kills a process of a container and everything in its session, background children included. Kills nothing unless the kernel
 * shows that the process belongs to this container, since the pid comes from an API: by its cgroup, or where the container has
 * none of its own (`cgroups = "disabled"`, rootless on cgroup v1) by the conmon that it is a child of. `gone`: this host has no
 * such process.
 */
export async function killSessionOf(roots: HostRoots, pid: number, containerId: string): Promise<KillOutcome> {
  const leader = identifyProcess(roots, pid);
  if (leader === undefined) return { kind: "gone" };
  const isInCgroup = isProcessOfContainer(roots, leader, containerId);
  if (!isInCgroup && !isChildOfConmon(roots, leader, containerId)) {
    return { kind: "left", reason: `the kernel shows process ${pid} neither in a cgroup of the container nor as a child of its conmon` };
  }
  const sessionId = readSessionId(roots, pid);
  const inCgroup = isInCgroup ? listCgroupMembers(roots, pid, containerId) : undefined;
  // Without a list of the container's processes only a session that this one leads is the container's for certain.
  const candidates = inCgroup ?? (sessionId === pid ? listProcesses(roots) : []);
  await killOthers(roots, { pid, sessionId, candidates });
  return isAlive(roots, leader) ? kill(pid) : { kind: "killed" };
}

interface Session {
  readonly pid: number;
  readonly sessionId: number | undefined;
  readonly candidates: readonly number[];
}

/** A part of them at a time: a host may have many processes, and each look is a file to read. */
async function killOthers(roots: HostRoots, { pid, sessionId, candidates }: Session): Promise<void> {
  for (const [index, candidate] of candidates.entries()) {
    if (index % 256 === 255) await setImmediate();
    if (candidate !== pid && sessionId !== undefined && readSessionId(roots, candidate) === sessionId) kill(candidate);
  }
}

/**
 * conmon carries the container's id in its arguments, and is the parent of what it runs. Anybody can write such arguments, so a
 * conmon of an ordinary user proves his own processes alone: those in a user namespace that has his id, which none but he and
 * root can make.
 */
function isChildOfConmon(roots: HostRoots, process: ProcessIdentity, containerId: string): boolean {
  const parentPid = readParentPid(roots, process.pid);
  if (parentPid === undefined || containerId === "" || readCommandLine(roots, parentPid)?.includes(containerId) !== true) return false;
  const ownerId = readRealUserId(roots, parentPid);
  return ownerId === 0 || (ownerId !== undefined && isMapped(roots, process.pid, ownerId));
}

function readRealUserId(roots: HostRoots, pid: number): number | undefined {
  const [, text] = /^Uid:\s+(\d+)/m.exec(readKernelFile(join(roots.procDir, String(pid), "status")) ?? "") ?? [];
  return text === undefined ? undefined : Number(text);
}

/** The range of a namespace that maps nothing, which is the host's own. */
const allIds = 2 ** 32 - 1;

/** Lines of uid_map are `first id inside, first id outside, how many`, the second as this process sees it. */
function isMapped(roots: HostRoots, pid: number, userId: number): boolean {
  const lines = (readKernelFile(join(roots.procDir, String(pid), "uid_map")) ?? "").trim().split("\n");
  return lines.some((line) => {
    const [, first = NaN, count = NaN] = line.trim().split(/\s+/).map(Number);
    return count < allIds && userId >= first && userId < first + count;
  });
}

/** Pids that share the process's cgroup, as the first controller has it that is mounted here; undefined: none has. */
function listCgroupMembers(roots: HostRoots, pid: number, containerId: string): readonly number[] | undefined {
  for (const [controller, path] of readProcessCgroups(roots, pid)) {
    if (!path.split("/").some((part) => isCgroupPathOf(`/${part}`, containerId))) continue;
    const pids = readKernelFile(join(roots.cgroupDir, controller, path, "cgroup.procs"));
    if (pids !== undefined) return pids.split("\n").filter((line) => line !== "").map(Number);
  }
  return undefined;
}

function listProcesses(roots: HostRoots): readonly number[] {
  return readdirSync(roots.procDir).filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
}

/** One that has just ended is as good as killed. */
function kill(pid: number): KillOutcome {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    const hasEnded = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!hasEnded) return { kind: "left", reason: `process ${pid} cannot be killed: ${String(error)}` };
  }
  return { kind: "killed" };
}
