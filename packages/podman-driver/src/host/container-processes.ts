import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups, resolveCgroupFolders, type CgroupFolders } from "./cgroup-path.ts";
import { readConmonFolders, type ConmonFolders } from "./exit-directory.ts";
import { identifyProcess, isAlive, readCommandLine, readParentPid, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** What an engine says of a container's processes; none of it is believed before the kernel agrees. */
export interface ClaimedProcesses {
  readonly containerId: string;
  readonly pid: number;
  readonly conmonPid: number;
  readonly cgroupPath: string;
  /** The main process that the kernel had in the container's cgroup when the task was started in this boot; undefined: it was not seen. */
  readonly proven: ProcessIdentity | undefined;
}

/** A container's processes as the kernel knows them; what could not be proved is left out. */
export interface ContainerProcesses {
  readonly main?: ProcessIdentity;
  readonly conmon?: ProcessIdentity;
  /** conmon died before the container did, so that nobody will learn the exit code. */
  readonly conmonIsLost: boolean;
  readonly cgroup?: CgroupFolders;
  readonly conmonFolders?: ConmonFolders;
}

/**
 * Checks an engine's claims: the main process must be in a cgroup named after the full container id, conmon must
 * carry that id in its command line, and a cgroup path must look like Podman's own. A missing conmon means something only
 * where the container's processes can be seen at all: a Podman behind a socket of another machine names foreign pids, and one
 * that named a process of this host once goes on to do so.
 */
export function identifyContainer(roots: HostRoots, claimed: ClaimedProcesses): ContainerProcesses {
  const { containerId } = claimed;
  const main = identifyMain(roots, claimed);
  const conmon = identifyConmon(roots, claimed, main);
  const conmonFolders = conmon === undefined ? undefined : readConmonFolders(roots, conmon, containerId);
  const cgroupPath = findCgroupPath(roots, claimed, main);
  const cgroup = cgroupPath === undefined ? undefined : resolveCgroupFolders(roots, cgroupPath);
  return {
    ...(main !== undefined && { main }),
    ...(conmon !== undefined && { conmon }),
    conmonIsLost: conmon === undefined && claimed.conmonPid > 0 && (main !== undefined || (claimed.pid > 0 && claimed.proven !== undefined)),
    ...(cgroup !== undefined && { cgroup }),
    ...(conmonFolders !== undefined && { conmonFolders }),
  };
}

/**
 * A container's processes without a word of its engine, from the main process that was proved to be its own when the task was
 * started in this boot. Undefined once that process has ended.
 */
export function identifyWithoutEngine(roots: HostRoots, containerId: string, proven: ProcessIdentity): ContainerProcesses | undefined {
  if (!isAlive(roots, proven)) return undefined;
  // conmon starts the container's process and takes it over from the runtime, so it is the parent for as long as it lives.
  return identifyContainer(roots, { containerId, pid: proven.pid, conmonPid: readParentPid(roots, proven.pid) ?? 0, cgroupPath: "", proven });
}

/**
 * The main process that an engine names, if the kernel has it in a cgroup of the container; else the very process that once was
 * proved to be it, wherever it has been moved. What cannot be proved is not believed: a rootless engine on cgroup v1, a container
 * without cgroups and an engine in another pid namespace name processes that may be anybody's.
 */
function identifyMain(roots: HostRoots, { containerId, pid, proven }: ClaimedProcesses): ProcessIdentity | undefined {
  const named = identifyProcess(roots, pid);
  if (named !== undefined && isProcessOfContainer(roots, named, containerId)) return named;
  return proven !== undefined && isAlive(roots, proven) ? proven : undefined;
}

/** A Podman that has forgotten a running container names none: conmon is the main process's parent for as long as it lives. */
function identifyConmon(roots: HostRoots, claimed: ClaimedProcesses, main: ProcessIdentity | undefined): ProcessIdentity | undefined {
  const named = claimed.conmonPid > 0 || main === undefined ? claimed.conmonPid : (readParentPid(roots, main.pid) ?? 0);
  const conmon = identifyProcess(roots, named);
  return conmon !== undefined && readCommandLine(roots, conmon.pid)?.includes(claimed.containerId) === true ? conmon : undefined;
}

function findCgroupPath(roots: HostRoots, claimed: ClaimedProcesses, main: ProcessIdentity | undefined): string | undefined {
  if (isCgroupPathOf(claimed.cgroupPath, claimed.containerId)) return claimed.cgroupPath;
  if (main === undefined) return undefined;
  const groups = readProcessCgroups(roots, main.pid);
  // crun makes an inner group below the scope that carries limits and totals.
  const path = (groups.get("memory") ?? groups.get("") ?? "").replace(/\/container$/, "");
  return isCgroupPathOf(path, claimed.containerId) ? path : undefined;
}
