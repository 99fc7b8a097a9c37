import { readlinkSync } from "node:fs";
import { isProcessOfContainer } from "./cgroup-path.ts";
import { findEngineUser, ownsProcess, toOwner } from "./engine-owner.ts";
import { identifyProcess, readCommandLine, readParentPid, readRealUserId, type HostRoots } from "./proc-files.ts";

/** A process that an engine names as the one of a container that holds a network. */
export interface NamedInfra {
  /** The engine's; undefined: it is not known, and the cgroup has to tell. */
  readonly socketPath: string | undefined;
  readonly infraId: string;
  readonly infraPid: number;
}

/**
 * Whether the process is that container's, by the kernel's word: root is going to connect its network, and its number may be
 * another's by now. It is in a cgroup of the container; or, since containers of an ordinary user have none on cgroup v1, it is a
 * process of the engine's user below the container's conmon, which is his as well, and in another network than this host's.
 */
export function isInfraProcess(roots: HostRoots, { socketPath, infraId, infraPid }: NamedInfra): boolean {
  const named = identifyProcess(roots, infraPid);
  if (named === undefined) return false;
  if (isProcessOfContainer(roots, named, infraId)) return true;
  const userId = socketPath === undefined ? undefined : findEngineUser(socketPath);
  const conmon = identifyProcess(roots, readParentPid(roots, infraPid) ?? 0);
  if (userId === undefined || userId === 0 || conmon === undefined) return false;
  return (
    readCommandLine(roots, conmon.pid)?.includes(infraId) === true &&
    readRealUserId(roots, conmon.pid) === userId &&
    ownsProcess(roots, toOwner(roots, userId, conmon), infraPid) &&
    hasOwnNetwork(roots, infraPid)
  );
}

function hasOwnNetwork({ procDir }: HostRoots, pid: number): boolean {
  try {
    return readlinkSync(`${procDir}/${pid}/ns/net`) !== readlinkSync(`${procDir}/self/ns/net`);
  } catch {
    return false;
  }
}
