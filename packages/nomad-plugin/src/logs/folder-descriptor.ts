import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  unlinkSync,
  watch,
  type BigIntStats,
  type FSWatcher,
  type Stats,
} from "node:fs";
import { codeOf } from "@driver/std";
import { DriverError } from "../driver-error.ts";

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY;

/**
 * A folder held open: every name in it is reached through the descriptor, so that nothing which takes the place of the
 * folder's path leads elsewhere. No name is followed as a link or waited for. Whom to trust is the caller's to decide.
 */
export class FolderDescriptor {
  #fd: number | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** The folder at `path`; a link in its place is followed or, with `followsLink` false, refused (ENOTDIR). Throws the system's error. */
  static open(path: string, { followsLink }: { readonly followsLink: boolean }): FolderDescriptor {
    return new FolderDescriptor(openSync(path, followsLink ? folderFlags : folderFlags | constants.O_NOFOLLOW));
  }

  /** A folder in this one; it is closed by itself. Throws ENOTDIR for a link and for whatever is no folder. */
  openFolder(name: string): FolderDescriptor {
    return FolderDescriptor.open(this.#pathOf(name), { followsLink: false });
  }

  /** A descriptor of its own. A FIFO without a reader gives ENXIO, a link ELOOP; what was opened must be looked at. */
  openFile(name: string, flags: number, mode?: number): number {
    return openSync(this.#pathOf(name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
  }

  /** Of the folder itself. */
  stats(): Stats {
    return fstatSync(this.#openFd);
  }

  /** Of what has this name, a link itself included; undefined for nothing. */
  statsOf(name: string): BigIntStats | undefined {
    return lstatSync(this.#pathOf(name), { bigint: true, throwIfNoEntry: false });
  }

  list(): string[] {
    return readdirSync(`/proc/self/fd/${this.#openFd}`);
  }

  /** Gives a file a second name in this folder. Throws EEXIST where that is taken. */
  link(name: string, secondName: string): void {
    linkSync(this.#pathOf(name), this.#pathOf(secondName));
  }

  /** Removes a name, whatever it stands for; a missing one is no error. */
  unlink(name: string): void {
    try {
      unlinkSync(this.#pathOf(name));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }

  /** An inotify watch on this very folder, whatever its path leads to; it does not keep the process alive. */
  watch(onChange: (name: string | null) => void): FSWatcher {
    return watch(`/proc/self/fd/${this.#openFd}`, { persistent: false }, (_event, name) => onChange(name));
  }

  /** Safe to call again. Whatever is asked for later throws: the descriptor's number may be another file's by then. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  get #openFd(): number {
    if (this.#fd === undefined) throw new DriverError("failed", "the folder is closed");
    return this.#fd;
  }

  #pathOf(name: string): string {
    if (name === "" || name === "." || name === ".." || name.includes("/")) {
      throw new DriverError("failed", `"${name}" is not the name of a file in a folder`);
    }
    return `/proc/self/fd/${this.#openFd}/${name}`;
  }
}
