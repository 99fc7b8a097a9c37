import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups, resolveCgroupFolders, type CgroupFolders } from "./cgroup-path.ts";
import { findEngineUser, ownsProcess, readProcessOwner, toOwner } from "./engine-owner.ts";
import { readConmonFolders, type ConmonFolders } from "./exit-directory.ts";
import {
  identifyProcess,
  isAlive,
  isShortage,
  readCommandLine,
  readParentPid,
  readRealUserId,
  type HostRoots,
  type ProcessIdentity,
} from "./proc-files.ts";

/** What an engine says of a container's processes; none of it is believed before the kernel agrees. */
export interface ClaimedProcesses {
  /** The engine's. */
  readonly socketPath: string;
  readonly containerId: string;
  readonly pid: number;
  readonly conmonPid: number;
  readonly cgroupPath: string;
  /** The main process that was believed when the task was started in this boot; undefined: none was. */
  readonly proven: ProcessIdentity | undefined;
}

/** A container's processes as the kernel knows them; what could not be proved is left out. */
export interface ContainerProcesses {
  readonly main?: ProcessIdentity;
  /** The main process has ended, though it may not be told which it was. */
  readonly mainIsGone?: boolean;
  readonly conmon?: ProcessIdentity;
  /** conmon died before the container did, so that nobody will learn the exit code. */
  readonly conmonIsLost: boolean;
  readonly cgroup?: CgroupFolders;
  readonly conmonFolders?: ConmonFolders;
  /** The kernel could not be asked, for want of descriptors or memory: whoever needs to know has to look again. */
  readonly isUncertain?: true;
}

/**
 * Checks an engine's claims: the main process must be in a cgroup named after the full container id, or be a child of its conmon;
 * conmon must carry that id in its command line, and a cgroup path must look like Podman's own. All of this is for an ordinary user
 * to make, who may say besides that a container of his has the id of somebody else's: for his engine both must be processes
 * of his or of those he rules over, and the cgroup is the one that the kernel has his process in. A missing conmon means something only
 * where the container's processes can be seen at all: a Podman behind a socket of another machine names foreign pids, and one
 * that named a process of this host once goes on to do so.
 */
export function identifyContainer(roots: HostRoots, claimed: ClaimedProcesses): ContainerProcesses {
  return lookOrLeaveOpen(roots, claimed.proven, () => identifyNow(roots, claimed));
}

/**
 * A container's processes without a word of its engine, from the main process that was proved to be its own when the task was
 * started in this boot. Undefined once that process has ended.
 */
export function identifyWithoutEngine(roots: HostRoots, known: ProvenContainer): ContainerProcesses | undefined {
  const { pid } = known.proven;
  if (!isAlive(roots, known.proven)) return undefined;
  // conmon starts the container's process and takes it over from the runtime, so it is the parent for as long as it lives.
  return lookOrLeaveOpen(roots, known.proven, () =>
    identifyNow(roots, { ...known, pid, conmonPid: readParentPid(roots, pid) ?? 0, cgroupPath: "" }),
  );
}

export type ProvenContainer = Pick<ClaimedProcesses, "socketPath" | "containerId"> & { readonly proven: ProcessIdentity };

function lookOrLeaveOpen(roots: HostRoots, proven: ProcessIdentity | undefined, look: () => ContainerProcesses): ContainerProcesses {
  try {
    return look();
  } catch (error) {
    if (!isShortage(error)) throw error;
    const main = stillAlive(roots, proven);
    return { ...(main !== undefined && { main }), conmonIsLost: false, isUncertain: true };
  }
}

function identifyNow(roots: HostRoots, claimed: ClaimedProcesses): ContainerProcesses {
  const { containerId, proven } = claimed;
  const userId = findEngineUser(claimed.socketPath);
  const named = identifyNamed(roots, claimed);
  const { conmon, isMissing } = identifyConmon(roots, { claimed, userId, main: named ?? stillAlive(roots, proven) });
  const likely = named ?? identifyChild(roots, claimed, conmon);
  const isOwn = likely !== undefined && userId !== undefined && ownsProcess(roots, toOwner(roots, userId, conmon), likely.pid);
  const main = isOwn ? likely : stillAlive(roots, proven);
  const conmonFolders = conmon === undefined ? undefined : readConmonFolders(roots, conmon, containerId);
  const cgroupPath = findCgroupPath(roots, { ...claimed, cgroupPath: userId === 0 ? claimed.cgroupPath : "" }, main);
  const cgroup = cgroupPath === undefined ? undefined : resolveCgroupFolders(roots, cgroupPath);
  return {
    ...(main !== undefined && { main }),
    ...(conmon !== undefined && { conmon }),
    conmonIsLost: isMissing && (main !== undefined || (claimed.pid > 0 && proven !== undefined)),
    ...(cgroup !== undefined && { cgroup }),
    ...(conmonFolders !== undefined && { conmonFolders }),
  };
}

/** The main process that an engine names, if the kernel has it in a cgroup of the container. */
function identifyNamed(roots: HostRoots, { containerId, pid }: ClaimedProcesses): ProcessIdentity | undefined {
  const named = identifyProcess(roots, pid);
  return named !== undefined && isProcessOfContainer(roots, named, containerId) ? named : undefined;
}

/**
 * The same where the container has no cgroup of its own (rootless on cgroup v1, `cgroups = "disabled"`): if it is a child of the
 * container's conmon. Anybody can write a conmon's arguments: that of an ordinary user proves his own processes alone.
 */
function identifyChild(roots: HostRoots, { pid }: ClaimedProcesses, conmon: ProcessIdentity | undefined): ProcessIdentity | undefined {
  const child = identifyProcess(roots, pid);
  if (child === undefined || conmon === undefined || readParentPid(roots, pid) !== conmon.pid) return undefined;
  const owner = readProcessOwner(roots, conmon.pid);
  return owner !== undefined && ownsProcess(roots, owner, pid) ? child : undefined;
}

/**
 * The very process that once was proved, wherever it has been moved. What cannot be proved is not believed: an engine in another pid
 * namespace names processes that may be anybody's.
 */
function stillAlive(roots: HostRoots, proven: ProcessIdentity | undefined): ProcessIdentity | undefined {
  return proven !== undefined && isAlive(roots, proven) ? proven : undefined;
}

interface Search {
  readonly claimed: ClaimedProcesses;
  readonly userId: number | undefined;
  readonly main: ProcessIdentity | undefined;
}

/** `isMissing`: there is no process that looks like it where it should be. One that is not believed is not missing. */
function identifyConmon(
  roots: HostRoots,
  { claimed, userId, main }: Search,
): { readonly conmon?: ProcessIdentity; readonly isMissing: boolean } {
  // A Podman that has forgotten a running container names none.
  const parentPid = main === undefined ? undefined : readParentPid(roots, main.pid);
  const pid = claimed.conmonPid > 0 ? claimed.conmonPid : (parentPid ?? 0);
  const conmon = identifyProcess(roots, pid);
  if (conmon === undefined || readCommandLine(roots, pid)?.includes(claimed.containerId) !== true) {
    return { isMissing: claimed.conmonPid > 0 };
  }
  // That of a process which was proved is its parent, whoever has the socket now.
  const isOfProven = pid === parentPid && main?.pid === claimed.proven?.pid && main?.startTicks === claimed.proven?.startTicks;
  const isBelieved = userId === 0 || isOfProven || readRealUserId(roots, pid) === userId;
  return isBelieved ? { conmon, isMissing: false } : { isMissing: false };
}

function findCgroupPath(roots: HostRoots, claimed: ClaimedProcesses, main: ProcessIdentity | undefined): string | undefined {
  if (isCgroupPathOf(claimed.cgroupPath, claimed.containerId)) return claimed.cgroupPath;
  if (main === undefined) return undefined;
  const groups = readProcessCgroups(roots, main.pid);
  // crun makes an inner group below the scope that carries limits and totals.
  const path = (groups.get("memory") ?? groups.get("") ?? "").replace(/\/container$/, "");
  return isCgroupPathOf(path, claimed.containerId) ? path : undefined;
}
