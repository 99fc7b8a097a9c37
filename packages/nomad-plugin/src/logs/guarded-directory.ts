import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, unlinkSync, type Stats } from "node:fs";
import { DriverError } from "../driver-error.ts";

/**
 * A folder that a task can write to, opened so that nothing planted inside leads out of it: every name is opened
 * through the folder's own descriptor, never through a symbolic link, and what was opened is looked at again.
 */
export class GuardedDirectory {
  readonly #fd: number;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Opens `base`, which is trusted, and walks down `names`, which are not. Rejects links and anything but folders. */
  static open(base: string, ...names: readonly string[]): GuardedDirectory {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY;
    let fd = openSync(base, flags);
    for (const name of names) {
      const parent = fd;
      try {
        fd = openSync(childPath(parent, name), flags | constants.O_NOFOLLOW);
      } finally {
        closeSync(parent);
      }
    }
    return new GuardedDirectory(fd);
  }

  /** A FIFO for writing without waiting for its reader: throws ENXIO while there is none. */
  openFifoForWriting(name: string): number {
    return this.#openChecked(name, constants.O_WRONLY, fifo);
  }

  /** A FIFO for reading what is in it: reading gives EAGAIN when that is nothing. */
  openFifoForReading(name: string): number {
    return this.#openChecked(name, constants.O_RDONLY, fifo);
  }

  /** A regular file for appending, made with mode 0644 when missing. */
  openFileForAppending(name: string): number {
    return this.#openChecked(name, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, plainFile);
  }

  /** A regular file for reading and writing in place. A missing one is made with mode 0600, or with `make` false an error (ENOENT). */
  openFileForUpdating(name: string, { make }: { readonly make: boolean }): number {
    return this.#openChecked(name, constants.O_RDWR | (make ? constants.O_CREAT : 0), { ...plainFile, mode: 0o600 });
  }

  list(): string[] {
    return readdirSync(`/proc/self/fd/${this.#fd}`);
  }

  /** When a regular file was last written; undefined for whatever else stands there, and for nothing. */
  modifiedAt(name: string): Date | undefined {
    const stats = lstatSync(childPath(this.#fd, name), { throwIfNoEntry: false });
    return stats?.isFile() === true ? stats.mtime : undefined;
  }

  /** Removes a name, whatever it stands for; a missing one is no error. */
  unlink(name: string): void {
    try {
      unlinkSync(childPath(this.#fd, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  #openChecked(name: string, flags: number, kind: FileKind): number {
    // Not waiting matters for whatever else may stand there: a FIFO in the place of a file would hold the caller up.
    const fd = openSync(childPath(this.#fd, name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, kind.mode);
    if (kind.fits(fstatSync(fd))) return fd;
    closeSync(fd);
    throw new DriverError("failed", `${name} in the task's log folder is not ${kind.what}: refused to write to it`);
  }
}

interface FileKind {
  readonly what: string;
  /** Permissions when it is made. */
  readonly mode: number;
  fits(stats: Stats): boolean;
}

const fifo: FileKind = { what: "a FIFO", mode: 0, fits: (stats) => stats.isFIFO() };
/** A second name would be a way out of the folder. */
const plainFile: FileKind = { what: "a regular file with one name", mode: 0o644, fits: (stats) => stats.isFile() && stats.nlink === 1 };

function childPath(directoryFd: number, name: string): string {
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    throw new DriverError("failed", `"${name}" is not the name of a file in a log folder`);
  }
  return `/proc/self/fd/${directoryFd}/${name}`;
}
