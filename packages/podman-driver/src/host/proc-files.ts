import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "@driver/std";

/** Where the kernel's files are; tests point it at a folder of their own. */
export interface HostRoots {
  readonly procDir: string;
  readonly cgroupDir: string;
  readonly devDir: string;
  readonly etcDir: string;
}

export const hostRoots: HostRoots = { procDir: "/proc", cgroupDir: "/sys/fs/cgroup", devDir: "/dev", etcDir: "/etc" };

/** A process that cannot be confused with a later one of the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot at which it started: field 22 of /proc/<pid>/stat. */
  readonly startTicks: string;
}

/** Reads a small kernel file; undefined when it cannot be read, for whatever reason: there is nothing to learn then. */
export function readKernelFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * The same for those who conclude something from a file that is not there, such as the end of its process: throws the system's
 * error (`isShortage`) where nothing at all can be opened just now.
 */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isShortage(error)) throw error;
    return undefined;
  }
}

/** Whether a file could not be opened for want of descriptors or memory, which says nothing of the file. */
export function isShortage(error: unknown): boolean {
  return ["EMFILE", "ENFILE", "ENOMEM"].includes(codeOf(error));
}

interface ProcessStat {
  readonly state: string;
  readonly parentPid: number;
  readonly sessionId: number;
  readonly startTicks: string;
}

/** Fields 3, 4, 6 and 22. */
const statFields = /^(\S) (\S+) \S+ (\S+)(?: \S+){15} (\S+)/;

function readStat(roots: HostRoots, pid: number): ProcessStat | undefined {
  const text = readIfThere(`${roots.procDir}/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command name stands in parentheses and may hold anything, parentheses included. `split` would make fifty strings
  // of each line, and this runs for every task each beat.
  const [, state, parentPid, sessionId, startTicks] = statFields.exec(text.slice(text.lastIndexOf(")") + 2)) ?? [];
  if (state === undefined || startTicks === undefined) return undefined;
  return { state, parentPid: Number(parentPid), sessionId: Number(sessionId), startTicks };
}

/** The identity of a living process; undefined for none, a zombie, or a pid below 1. Throws a shortage (`isShortage`), as all below do. */
export function identifyProcess(roots: HostRoots, pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const stat = readStat(roots, pid);
  return stat === undefined || isDead(stat) ? undefined : { pid, startTicks: stat.startTicks };
}

/**
 * Whether exactly this process still runs. A zombie does not: where PID 1 reaps nothing, a dead task stays one
 * for ever and `kill(pid, 0)` goes on to succeed. Throws nothing.
 */
export function isAlive(roots: HostRoots, process: ProcessIdentity): boolean {
  let stat: ProcessStat | undefined;
  try {
    stat = readStat(roots, process.pid);
  } catch {
    // A host short of descriptors or memory is no reason to call a healthy task dead.
    return hasProcess(process.pid);
  }
  return stat !== undefined && !isDead(stat) && stat.startTicks === process.startTicks;
}

/** Whether exactly this process was stopped (SIGSTOP) and has not gone on. False where that cannot be told. */
export function isStopped(roots: HostRoots, process: ProcessIdentity): boolean {
  try {
    const stat = readStat(roots, process.pid);
    return stat?.state === "T" && stat.startTicks === process.startTicks;
  } catch {
    return false;
  }
}

/** Field 52 of /proc/<pid>/stat, counted from the third. */
const exitStatusField = 49;

/**
 * How exactly this process has ended, as its parent will be told that has not asked yet: its code, or 128 and the signal. Undefined:
 * it runs, it is gone, or this user is not told.
 */
export function readUnburiedCode(roots: HostRoots, { pid, startTicks }: ProcessIdentity): number | undefined {
  const text = readKernelFile(`${roots.procDir}/${pid}/stat`) ?? "";
  const fields = text.slice(text.lastIndexOf(")") + 2).trimEnd().split(" ");
  const [state] = fields;
  if (state !== "Z" || fields[19] !== startTicks) return undefined;
  const status = Number(fields[exitStatusField]);
  // The kernel says 0 to whom it does not want to tell.
  if (!Number.isInteger(status) || (status === 0 && !mayLookInto(roots, pid))) return undefined;
  const signal = status & 0x7f;
  return signal > 0 ? 128 + signal : (status >> 8) & 0xff;
}

/** Whether the kernel tells this user of a process what it tells debuggers alone (proc(5), ptrace(2)). */
function mayLookInto(roots: HostRoots, pid: number): boolean {
  try {
    readlinkSync(`${roots.procDir}/${pid}/ns/user`);
    return true;
  } catch {
    return false;
  }
}

/** Asks the kernel without a descriptor. It tells neither a zombie nor a later process of the pid apart. */
function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

function isDead(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}

/** The session a process is in; undefined when it is gone. */
export function readSessionId(roots: HostRoots, pid: number): number | undefined {
  return readStat(roots, pid)?.sessionId;
}

/** The process that started another one, or has taken it over; undefined when that one is gone. */
export function readParentPid(roots: HostRoots, pid: number): number | undefined {
  return readStat(roots, pid)?.parentPid;
}

/** The argument vector of a process; undefined when it is gone. */
export function readCommandLine(roots: HostRoots, pid: number): readonly string[] | undefined {
  return readIfThere(join(roots.procDir, String(pid), "cmdline"))?.split("\0").slice(0, -1);
}

/** The user who has started a process, whatever it may do: only he and root can send it signals. Undefined when it is gone. */
export function readRealUserId(roots: HostRoots, pid: number): number | undefined {
  const [, text] = /^Uid:\s+(\d+)/m.exec(readIfThere(join(roots.procDir, String(pid), "status")) ?? "") ?? [];
  return text === undefined ? undefined : Number(text);
}

/** The kernel's id of this boot; empty where it cannot be read. */
export function readBootId(roots: HostRoots): string {
  return readKernelFile(join(roots.procDir, "sys/kernel/random/boot_id"))?.trim() ?? "";
}

/** Whether the first process is systemd; false also in a container of its own, whose systemd is out of reach. */
export function hasSystemd(roots: HostRoots): boolean {
  return readKernelFile(join(roots.procDir, "1/comm"))?.trim() === "systemd";
}
