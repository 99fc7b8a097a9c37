import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { codeOf } from "@driver/std";
import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups } from "./cgroup-path.ts";
import { ownsProcess, readEngineOwner, readProcessOwner, type EngineOwner } from "./engine-owner.ts";
import {
  identifyProcess,
  isAlive,
  readCommandLine,
  readKernelFile,
  readParentPid,
  readRealUserId,
  readSessionId,
  type HostRoots,
  type ProcessIdentity,
} from "./proc-files.ts";

/** What became of a session that was to be killed. `left`: it goes on, for this reason. */
export type KillOutcome = { readonly kind: "killed" } | { readonly kind: "gone" } | { readonly kind: "left"; readonly reason: string };

/** A process that an engine says it has started in a container. */
export interface ExecProcess {
  readonly pid: number;
  readonly containerId: string;
  /** The engine's. */
  readonly socketPath: string;
}

/**
 * Kills a process of a container and everything in its session, background children included. Kills nothing unless the kernel
 * shows that the process belongs to this container, since the pid comes from an API: by its cgroup, or where the container has
 * none of its own (`cgroups = "disabled"`, rootless on cgroup v1) by the conmon that it is a child of. An ordinary user can make
 * both, and for his engine nothing is killed but processes of his and of those he rules over. `gone`: this host has no such process.
 * Throws when the engine's socket cannot be looked at, or the kernel not be asked (`isShortage`).
 */
export async function killSessionOf(roots: HostRoots, { pid, containerId, socketPath }: ExecProcess): Promise<KillOutcome> {
  const leader = identifyProcess(roots, pid);
  if (leader === undefined) return { kind: "gone" };
  const conmon = findParentConmon(roots, leader, containerId);
  const owner = readEngineOwner(roots, socketPath, conmon);
  const isInCgroup = isProcessOfContainer(roots, leader, containerId);
  if (!isInCgroup && !isStartedBy(roots, conmon, leader)) {
    return { kind: "left", reason: `the kernel shows process ${pid} neither in a cgroup of the container nor as a child of its conmon` };
  }
  if (!ownsProcess(roots, owner, pid)) {
    return {
      kind: "left",
      reason: `process ${pid} is of user ${readRealUserId(roots, pid)}, over whom user ${owner.uid}, whose Podman it is, has no say`,
    };
  }
  const sessionId = readSessionId(roots, pid);
  const inCgroup = isInCgroup ? listCgroupMembers(roots, pid, containerId) : undefined;
  const candidates = inCgroup ?? (isOwnSession(roots, { pid, sessionId, conmon }) ? listProcesses(roots) : []);
  await killOthers(roots, { pid, sessionId, candidates, owner });
  return isAlive(roots, leader) ? kill(pid) : { kind: "killed" };
}

interface Session {
  readonly pid: number;
  readonly sessionId: number | undefined;
  readonly candidates: readonly number[];
  readonly owner: EngineOwner;
}

/** A part of them at a time: a host may have many processes, and each look is a file to read. */
async function killOthers(roots: HostRoots, { pid, sessionId, candidates, owner }: Session): Promise<void> {
  for (const [index, candidate] of candidates.entries()) {
    if (index % 256 === 255) await setImmediate();
    const isMember = candidate !== pid && sessionId !== undefined && readSessionId(roots, candidate) === sessionId;
    if (isMember && ownsProcess(roots, owner, candidate)) kill(candidate);
  }
}

interface SessionOfChild extends Pick<Session, "pid" | "sessionId"> {
  readonly conmon: ProcessIdentity | undefined;
}

/**
 * Whether all of a process's session is the container's for certain, where there is no list of the container's processes: the process
 * leads it, or is a child of a conmon that is in another one. crun begins the session and has then ended (1.8.1; 1.21 lets the process
 * lead it, as runc does).
 */
function isOwnSession(roots: HostRoots, { pid, sessionId = 0, conmon }: SessionOfChild): boolean {
  if (sessionId === pid) return true;
  return sessionId > 0 && conmon !== undefined && readSessionId(roots, conmon.pid) !== sessionId;
}

/** conmon carries the container's id in its arguments, and is the parent of what it runs. */
function findParentConmon(roots: HostRoots, process: ProcessIdentity, containerId: string): ProcessIdentity | undefined {
  const parent = identifyProcess(roots, readParentPid(roots, process.pid) ?? 0);
  return parent !== undefined && containerId !== "" && readCommandLine(roots, parent.pid)?.includes(containerId) === true
    ? parent
    : undefined;
}

/** Anybody can write such arguments: the conmon of an ordinary user proves his own processes alone. */
function isStartedBy(roots: HostRoots, conmon: ProcessIdentity | undefined, process: ProcessIdentity): boolean {
  const owner = conmon === undefined ? undefined : readProcessOwner(roots, conmon.pid);
  return owner !== undefined && ownsProcess(roots, owner, process.pid);
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
    const hasEnded = codeOf(error) === "ESRCH";
    if (!hasEnded) return { kind: "left", reason: `process ${pid} cannot be killed: ${String(error)}` };
  }
  return { kind: "killed" };
}
