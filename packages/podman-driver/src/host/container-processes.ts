import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups, resolveCgroupFolders, type CgroupFolders } from "./cgroup-path.ts";
import { readExitDirectory } from "./exit-directory.ts";
import { identifyProcess, readCommandLine, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** What an engine says of a container's processes; none of it is believed before the kernel agrees. */
export interface ClaimedProcesses {
  readonly containerId: string;
  readonly pid: number;
  readonly conmonPid: number;
  readonly cgroupPath: string;
}

/** A container's processes as the kernel knows them; what could not be proved is left out. */
export interface ContainerProcesses {
  readonly main?: ProcessIdentity;
  readonly conmon?: ProcessIdentity;
  readonly cgroup?: CgroupFolders;
  readonly exitDirectory?: string;
}

/**
 * Checks an engine's claims: the main process must be in a cgroup named after the full container id, conmon must
 * carry that id in its command line, and a cgroup path must look like Podman's own.
 */
export function identifyContainer(roots: HostRoots, claimed: ClaimedProcesses): ContainerProcesses {
  const { containerId } = claimed;
  const main = identifyMain(roots, claimed);
  const conmon = identifyConmon(roots, claimed);
  const exitDirectory = conmon === undefined ? undefined : readExitDirectory(roots, conmon, containerId);
  const cgroupPath = findCgroupPath(roots, claimed, main);
  const cgroup = cgroupPath === undefined ? undefined : resolveCgroupFolders(roots, cgroupPath);
  return {
    ...(main !== undefined && { main }),
    ...(conmon !== undefined && { conmon }),
    ...(cgroup !== undefined && { cgroup }),
    ...(exitDirectory !== undefined && { exitDirectory }),
  };
}

function identifyMain(roots: HostRoots, claimed: ClaimedProcesses): ProcessIdentity | undefined {
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
