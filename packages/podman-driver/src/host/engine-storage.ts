import { closeSync, constants, fchownSync, fstatSync, lstatSync, readlinkSync, statSync, type FSWatcher, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { DriverError, FolderDescriptor } from "@driver/nomad-plugin";
import { readKernelFile, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** The user whose engine it is. All that an engine names on the disk must be his: the plugin is root as a rule, and he may not be. */
export interface EngineOwner {
  readonly uid: number;
  /** First and count of the host's ids over which he is root in a user namespace: Podman hands him folders of theirs. */
  readonly ruledIds: readonly (readonly [first: number, count: number])[];
}

/**
 * Whose the engine is: the owner of its socket, or of the first part of the way there that is not root's, since he can put any
 * other socket in its place, root's too. `conmon` is a container's, where it is known; only if it runs as the same user,
 * the kernel's word for the ids that its user namespace has counts too. Throws when the socket cannot be looked at.
 */
export function readEngineOwner(roots: HostRoots, socketPath: string, conmon: ProcessIdentity | undefined): EngineOwner {
  const uid = readPathOwner(resolve(socketPath));
  const ofConmon = conmon === undefined ? undefined : readProcessOwner(roots, conmon.pid);
  if (ofConmon?.uid === uid) return ofConmon;
  // Root rules over what is mapped here, and the conmon of a short task may have ended before anybody looked.
  const uidMap = uid === 0 ? readKernelFile(`${roots.procDir}/self/uid_map`) : undefined;
  return { uid, ruledIds: readRuledIds(uidMap ?? "", uid) };
}

const mostLinks = 40;

/** The first owner other than root of a part of a path, links of root's followed; root where there is none. */
function readPathOwner(path: string, linksLeft = mostLinks): number {
  const parts = path.split("/");
  for (const [index] of parts.entries()) {
    const partPath = parts.slice(0, index + 1).join("/") || "/";
    const stats = lstatSync(partPath);
    if (stats.uid !== 0) return stats.uid;
    if (!stats.isSymbolicLink()) continue;
    if (linksLeft === 0) throw new DriverError("failed", `the path of the Podman socket leads through more than ${mostLinks} links: ${path}`);
    return readPathOwner(resolve(dirname(partPath), readlinkSync(partPath), ...parts.slice(index + 1)), linksLeft - 1);
  }
  return 0;
}

/** The user of a process, and the ids that he rules there; undefined when the process is gone. */
export function readProcessOwner(roots: HostRoots, pid: number): EngineOwner | undefined {
  const stats = statSync(`${roots.procDir}/${pid}`, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { uid: stats.uid, ruledIds: readRuledIds(readKernelFile(`${roots.procDir}/${pid}/uid_map`) ?? "", stats.uid) };
}

/** Lines of uid_map are `first id inside, first id outside, count`. The user who is id 0 inside rules over all of them (user_namespaces(7)). */
function readRuledIds(uidMap: string, uid: number): EngineOwner["ruledIds"] {
  const ranges = uidMap.split("\n").flatMap((line) => {
    const [inside = Number.NaN, outside = Number.NaN, count = Number.NaN] = line.trim().split(/\s+/).map(Number);
    return Number.isSafeInteger(inside + outside + count) ? [{ inside, outside, count }] : [];
  });
  const isRoot = ranges.some(({ inside, outside, count }) => inside === 0 && outside === uid && count > 0);
  return isRoot ? ranges.map(({ outside, count }) => [outside, count] as const) : [];
}

/**
 * A folder that an engine has named, held open. An engine of an ordinary user may name any folder of the host, and its path
 * leads through folders of his: what counts is that the folder which was opened is his, so that nothing is listed, linked, made
 * or removed anywhere else, and that each file which is opened in it is his as well. All the driver's dealings with an engine's
 * storage go through here.
 */
export class EngineFolder implements Disposable {
  readonly #folder: FolderDescriptor;
  readonly #owner: EngineOwner;
  readonly #path: string;

  private constructor(folder: FolderDescriptor, path: string, owner: EngineOwner) {
    this.#folder = folder;
    this.#path = path;
    this.#owner = owner;
  }

  /** Throws the system's error, ENOTDIR for a link, and a DriverError for a folder of somebody else. */
  static open(path: string, owner: EngineOwner): EngineFolder {
    const folder = FolderDescriptor.open(path, { followsLink: false });
    try {
      const { uid } = folder.stats();
      if (uid === owner.uid || owner.ruledIds.some(([first, count]) => uid >= first && uid < first + count)) return new EngineFolder(folder, path, owner);
      throw new DriverError("failed", `the folder ${path}, which Podman names, is of user ${uid} and not of user ${owner.uid}, whose Podman it is: refused`);
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** A file's descriptor for reading. Throws a DriverError for what is no regular file of the owner's. */
  openFile(name: string): number {
    return this.#openChecked(name, constants.O_RDONLY, regularFile);
  }

  /** A FIFO's descriptor for writing. Throws ENXIO when nobody reads it, and a DriverError for what is no FIFO of the owner's. */
  openFifo(name: string): number {
    return this.#openChecked(name, constants.O_WRONLY, fifo);
  }

  /** Sees to it that there is a file of the owner's with this name, so that a program of his can open it also on a full disk. */
  reserveFile(name: string): void {
    let fd: number;
    try {
      fd = this.#folder.openFile(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      closeSync(this.#openChecked(name, constants.O_WRONLY, regularFile));
      return;
    }
    try {
      // Given away only because it is new: another name of an older file would give that one away.
      if (fstatSync(fd).uid !== this.#owner.uid) fchownSync(fd, this.#owner.uid, this.#folder.stats().gid);
    } finally {
      closeSync(fd);
    }
  }

  /** The file that has this name now; undefined for none. */
  inodeOf(name: string): bigint | undefined {
    return this.#folder.statsOf(name)?.ino;
  }

  /** When a regular file of the owner's was last written; undefined for whatever else stands there, and for nothing. */
  modifiedAt(name: string): Date | undefined {
    const stats = this.#folder.statsOf(name);
    return stats?.isFile() === true && Number(stats.uid) === this.#owner.uid ? stats.mtime : undefined;
  }

  list(): string[] {
    return this.#folder.list();
  }

  /** Throws EEXIST where the second name is taken. */
  link(name: string, secondName: string): void {
    this.#folder.link(name, secondName);
  }

  /** A missing name is no error. */
  unlink(name: string): void {
    this.#folder.unlink(name);
  }

  /** Throws when no watch is to be had. */
  watch(onChange: (name: string | null) => void): FSWatcher {
    return this.#folder.watch(onChange);
  }

  /** Safe to call again. */
  close(): void {
    this.#folder.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #openChecked(name: string, flags: number, kind: FileKind): number {
    const fd = this.#folder.openFile(name, flags);
    try {
      const stats = fstatSync(fd);
      if (kind.fits(stats) && stats.uid === this.#owner.uid) return fd;
      throw new DriverError("failed", `${name} in ${this.#path}, which Podman names, is no ${kind.what} of user ${this.#owner.uid}, whose Podman it is: refused`);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
}

interface FileKind {
  readonly what: string;
  fits(stats: Stats): boolean;
}

const regularFile: FileKind = { what: "regular file", fits: (stats) => stats.isFile() };
const fifo: FileKind = { what: "FIFO", fits: (stats) => stats.isFIFO() };
