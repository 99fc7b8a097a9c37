import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups, resolveCgroupFolders, type CgroupFolders } from "./cgroup-path.ts";
import { readConmonFolders, type ConmonFolders } from "./exit-directory.ts";
import { identifyProcess, readCommandLine, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** What an engine says of a container's processes; none of it is believed before the kernel agrees. */
export interface ClaimedProcesses {
  readonly containerId: string;
  readonly pid: number;
  readonly conmonPid: number;
  readonly cgroupPath: string;
  /** The main process that was seen here when the task was started in this boot; 0 where there was none. */
  readonly seenPid: number;
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
 * where the container's processes can be seen at all: a Podman behind a socket of another machine names foreign pids.
 */
export function identifyContainer(roots: HostRoots, claimed: ClaimedProcesses): ContainerProcesses {
  const { containerId } = claimed;
  const main = identifyMain(roots, claimed);
  const conmon = identifyConmon(roots, claimed);
  const conmonFolders = conmon === undefined ? undefined : readConmonFolders(roots, conmon, containerId);
  const cgroupPath = findCgroupPath(roots, claimed, main);
  const cgroup = cgroupPath === undefined ? undefined : resolveCgroupFolders(roots, cgroupPath);
  return {
    ...(main !== undefined && { main }),
    ...(conmon !== undefined && { conmon }),
    conmonIsLost: conmon === undefined && claimed.conmonPid > 0 && (main !== undefined || (claimed.pid > 0 && claimed.pid === claimed.seenPid)),
    ...(cgroup !== undefined && { cgroup }),
    ...(conmonFolders !== undefined && { conmonFolders }),
  };
}

/** The main process that an engine names, if the kernel has it in a cgroup of the container. */
function identifyMain(roots: HostRoots, claimed: Pick<ClaimedProcesses, "containerId" | "pid">): ProcessIdentity | undefined {
  const main = identifyProcess(roots, claimed.pid);
  return main !== undefined && isProcessOfContainer(roots, main, claimed.containerId) ? main : undefined;
}

function identifyConmon(roots: HostRoots, claimed: ClaimedProcesses): ProcessIdentity | undefined {
  const conmon = identifyProcess(roots, claimed.conmonPid);
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
