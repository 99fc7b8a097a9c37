import { closeSync, constants, fchownSync, fstatSync, type FSWatcher, type Stats } from "node:fs";
import { DriverError, FolderDescriptor } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import { owns, type EngineOwner } from "./engine-owner.ts";

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
      if (owns(owner, uid)) return new EngineFolder(folder, path, owner);
      throw new DriverError(
        "failed",
        `the folder ${path}, which Podman names, is of user ${uid} and not of user ${owner.uid}, whose Podman it is: refused`,
      );
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
      if (codeOf(error) !== "EEXIST") throw error;
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

  /** Tells this folder from every other one that has or had its path. */
  get identity(): string {
    const { dev, ino, birthtimeMs } = this.#folder.stats();
    return `${dev}:${ino}:${birthtimeMs}`;
  }

  /** Throws when no watch is to be had. It stays when the folder is closed. */
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
      throw new DriverError(
        "failed",
        `${name} in ${this.#path}, which Podman names, is no ${kind.what} of user ${this.#owner.uid}, whose Podman it is: refused`,
      );
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
