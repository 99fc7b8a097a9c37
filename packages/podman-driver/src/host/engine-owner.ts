import { lstatSync, readlinkSync, statSync, type Stats } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { DriverError } from "@driver/nomad-plugin";
import { readSubordinateIds } from "./account-files.ts";
import { isAlive, isShortage, readIfThere, readRealUserId, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** The user whose engine it is. All that an engine names on this host must be his: the plugin is root as a rule, and he may not be. */
export interface EngineOwner {
  readonly uid: number;
  /** First and count of the host's ids over which he is root in a user namespace: Podman hands folders and processes to them. */
  readonly ruledIds: readonly (readonly [first: number, count: number])[];
}

/**
 * Whose the engine is: see `readEngineUser` and `toOwner`. Throws when the socket cannot be looked at.
 */
export function readEngineOwner(roots: HostRoots, socketPath: string, conmon: ProcessIdentity | undefined): EngineOwner {
  return toOwner(roots, readEngineUser(socketPath), conmon);
}

/**
 * Whose the engine is of a container whose `conmon` was believed: the same, and while the socket is away, as with a service that is
 * down, the conmon's user. Throws when there is no such conmon either.
 */
export function readContainerOwner(roots: HostRoots, socketPath: string, conmon: ProcessIdentity | undefined): EngineOwner {
  try {
    return readEngineOwner(roots, socketPath, conmon);
  } catch (error) {
    const ofConmon = conmon !== undefined && isAlive(roots, conmon) ? readProcessOwner(roots, conmon.pid) : undefined;
    if (isShortage(error) || ofConmon === undefined) throw error;
    return ofConmon;
  }
}

/**
 * The owner of an engine's socket, or of the first part of the way there that is not root's, since he can put any other socket in
 * its place, root's too. Throws when it cannot be looked at, and for the address of a service on another host: nothing that it names
 * is here.
 */
export function readEngineUser(socketPath: string): number {
  if (!isAbsolute(socketPath)) throw new DriverError("failed", `the Podman at ${socketPath} is on another host`);
  return findOtherOwner(resolve(socketPath), [0]) ?? 0;
}

/**
 * A user with the ids that he rules over. `conmon` is a container's of his engine, where it is known: the kernel's word for the
 * ids that its user namespace has comes first, if it runs as this user. The conmon of a short task has ended before anybody looks:
 * then those count that this host's administrator has given him.
 */
export function toOwner(roots: HostRoots, uid: number, conmon: ProcessIdentity | undefined): EngineOwner {
  const ofConmon = conmon === undefined ? undefined : readProcessOwner(roots, conmon.pid);
  if (ofConmon?.uid === uid && ofConmon.ruledIds.length > 0) return ofConmon;
  // Root rules over what is mapped here.
  return { uid, ruledIds: uid === 0 ? readRuledIds(roots, "self", uid) : readSubordinateIds(uid, roots.etcDir) };
}

/** Whether a user, of a file or a process, is the engine's owner or one whom he rules over. */
export function owns({ uid, ruledIds }: EngineOwner, userId: number): boolean {
  return userId === uid || ruledIds.some(([first, count]) => userId >= first && userId < first + count);
}

/**
 * Whether a process that an engine names is one that its owner may end. Anything of this host is root's to name: nothing is
 * read for an engine of his.
 */
export function ownsProcess(roots: HostRoots, owner: EngineOwner, pid: number): boolean {
  if (owner.uid === 0) return true;
  const userId = readRealUserId(roots, pid);
  return userId !== undefined && owns(owner, userId);
}

/** The user of a process, and the ids that he rules there; undefined when the process is gone. */
export function readProcessOwner(roots: HostRoots, pid: number): EngineOwner | undefined {
  const stats = statSync(`${roots.procDir}/${pid}`, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { uid: stats.uid, ruledIds: readRuledIds(roots, pid, stats.uid) };
}

const mostLinks = 40;

/**
 * The first owner of a part of an absolute path who is none of the trusted, links of theirs followed; undefined: all of it is theirs.
 * Throws when it cannot be looked at.
 */
export function findOtherOwner(path: string, trusted: readonly number[]): number | undefined {
  return findOnWay(path, (_part, { uid }) => (trusted.includes(uid) ? undefined : uid));
}

/**
 * What `look` says first of a part of an absolute path, from the root down; a link is a part, and then those are that it leads through.
 * Undefined: nothing of any. Throws when one cannot be looked at.
 */
export function findOnWay<T>(path: string, look: (part: string, stats: Stats) => T | undefined, linksLeft = mostLinks): T | undefined {
  const parts = path.split("/");
  for (const [index] of parts.entries()) {
    const part = parts.slice(0, index + 1).join("/") || "/";
    const stats = lstatSync(part);
    const found = look(part, stats);
    if (found !== undefined) return found;
    if (!stats.isSymbolicLink()) continue;
    if (linksLeft === 0) throw new DriverError("failed", `the path leads through more than ${mostLinks} links: ${path}`);
    return findOnWay(resolve(dirname(part), readlinkSync(part), ...parts.slice(index + 1)), look, linksLeft - 1);
  }
  return undefined;
}

/**
 * Lines of uid_map are `first id inside, first id outside, count`. The user who is id 0 inside rules over all of them
 * (user_namespaces(7)).
 */
function readRuledIds(roots: HostRoots, pid: number | "self", uid: number): EngineOwner["ruledIds"] {
  const ranges = (readIfThere(`${roots.procDir}/${pid}/uid_map`) ?? "").split("\n").flatMap((line) => {
    const [inside = Number.NaN, outside = Number.NaN, count = Number.NaN] = line.trim().split(/\s+/).map(Number);
    return Number.isSafeInteger(inside + outside + count) ? [{ inside, outside, count }] : [];
  });
  const isRoot = ranges.some(({ inside, outside, count }) => inside === 0 && outside === uid && count > 0);
  return isRoot ? ranges.map(({ outside, count }) => [outside, count] as const) : [];
}

/** As `readEngineUser`; undefined: the socket cannot be looked at, as when its service is down. Then nothing new is believed. */
export function findEngineUser(socketPath: string): number | undefined {
  try {
    return readEngineUser(socketPath);
  } catch {
    return undefined;
  }
}
