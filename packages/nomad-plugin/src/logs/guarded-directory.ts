import { closeSync, constants, fstatSync, type Stats } from "node:fs";
import { DriverError } from "../driver-error.ts";
import { FolderDescriptor } from "./folder-descriptor.ts";

/**
 * A folder that a task can write to, opened so that nothing planted inside leads out of it: every name is opened
 * through the folder's own descriptor, never through a symbolic link, and what was opened is looked at again.
 */
export class GuardedDirectory {
  readonly #folder: FolderDescriptor;

  private constructor(folder: FolderDescriptor) {
    this.#folder = folder;
  }

  /** Opens `base`, which is trusted, and walks down `names`, which are not. Rejects links and anything but folders. */
  static open(base: string, ...names: readonly string[]): GuardedDirectory {
    let folder = FolderDescriptor.open(base, { followsLink: true });
    for (const name of names) {
      const parent = folder;
      try {
        folder = parent.openFolder(name);
      } finally {
        parent.close();
      }
    }
    return new GuardedDirectory(folder);
  }

  /** A FIFO for writing without waiting for its reader: throws ENXIO while there is none. */
  openFifoForWriting(name: string): number {
    return this.#openChecked(name, constants.O_WRONLY, fifo);
  }

  /** A regular file for appending, made with mode 0644 when missing. */
  openFileForAppending(name: string): number {
    return this.#openChecked(name, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, plainFile);
  }

  /** A regular file for reading and writing in place. A missing one is made with mode 0600, or with `make` false an error (ENOENT). */
  openFileForUpdating(name: string, { make }: { readonly make: boolean }): number {
    return this.#openChecked(name, constants.O_RDWR | (make ? constants.O_CREAT : 0), { ...plainFile, mode: 0o600 });
  }

  /** Whether both are one folder, by whatever path they were opened. */
  isSame(other: GuardedDirectory): boolean {
    const [one, two] = [this.#folder.stats(), other.#folder.stats()];
    return one.dev === two.dev && one.ino === two.ino;
  }

  list(): string[] {
    return this.#folder.list();
  }

  /** When a regular file was last written; undefined for whatever else stands there, and for nothing. */
  modifiedAt(name: string): Date | undefined {
    const stats = this.#folder.statsOf(name);
    return stats?.isFile() === true ? stats.mtime : undefined;
  }

  /** Removes a name, whatever it stands for; a missing one is no error. */
  unlink(name: string): void {
    this.#folder.unlink(name);
  }

  /** Safe to call again. Whatever is asked for later throws. */
  close(): void {
    this.#folder.close();
  }

  #openChecked(name: string, flags: number, kind: FileKind): number {
    // Not waiting matters for whatever else may stand there: a FIFO in the place of a file would hold the caller up.
    const fd = this.#folder.openFile(name, flags, kind.mode);
    try {
      if (kind.fits(fstatSync(fd))) return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
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
