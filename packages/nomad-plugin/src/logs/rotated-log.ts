import { close, closeSync, fstatSync, ftruncateSync, write } from "node:fs";
import { promisify } from "node:util";
import { codeOf } from "@driver/std";
import { DriverError } from "../driver-error.ts";
import type { GuardedDirectory } from "./guarded-directory.ts";

const writeFd = promisify(write);
const closeFd = promisify(close);

export interface RotatedLogOptions {
  readonly directory: Pick<GuardedDirectory, "list" | "unlink" | "openFileForAppending">;
  /** `<task>.stdout` or `<task>.stderr`: Nomad reads the files `<baseName>.<index>`. */
  readonly baseName: string;
  /** Files kept, the one being written included. */
  readonly maxFiles: number;
  /** A file that has reached this size is followed by the next. */
  readonly maxFileBytes: number;
  /** Where an earlier writer is known to have got to: whatever it wrote beyond that is taken away again. */
  readonly resumeAt?: RotatedLogPosition | undefined;
}

/** The end of what was written at one moment. */
export interface RotatedLogPosition {
  readonly index: number;
  readonly sizeBytes: number;
}

/** So many names in a row that the task has taken for something else are passed over. */
const mostTakenNames = 100;
/** Old files of earlier writers that one rotation removes: more than any of them has left. */
const mostTidied = 1000;

/** Writes a task's output into the numbered files that `nomad alloc logs` reads. One writer per stream. */
export class RotatedLog {
  readonly #options: RotatedLogOptions;
  #index: number;
  #fd: number;
  #sizeBytes: number;
  #writtenBytes = 0;
  #hasTidied = false;

  /** Goes on with the highest index there is, or the next one that can be had: a task may plant links, FIFOs and folders. */
  constructor(options: RotatedLogOptions) {
    this.#options = options;
    const { resumeAt } = options;
    if (resumeAt !== undefined) for (const index of this.#indexes()) if (index > resumeAt.index) this.#remove(index);
    const highest = this.#indexes().reduce((most, index) => Math.max(most, index), 0);
    const { index, fd, sizeBytes } = this.#openFile(resumeAt?.index ?? highest);
    this.#index = index;
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
    if (index === resumeAt?.index && sizeBytes > resumeAt.sizeBytes) this.#cut(resumeAt.sizeBytes);
  }

  get position(): RotatedLogPosition {
    return { index: this.#index, sizeBytes: this.#sizeBytes };
  }

  /** Bytes written so far, those of a `write` that failed midway included. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Settles when all bytes are in the files. Rejects with the system's error, ENOSPC for one; another write may succeed. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.#sizeBytes >= this.#options.maxFileBytes) await this.#rotate();
      const room = Math.min(bytes.length - at, this.#options.maxFileBytes - this.#sizeBytes);
      const { bytesWritten } = await writeFd(this.#fd, bytes, at, room);
      this.#sizeBytes += bytesWritten;
      this.#writtenBytes += bytesWritten;
      at += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await closeFd(this.#fd);
  }

  async #rotate(): Promise<void> {
    const [former, formerIndex] = [this.#fd, this.#index];
    const { index, fd, sizeBytes } = this.#openFile(formerIndex + 1);
    this.#index = index;
    this.#fd = fd;
    this.#sizeBytes = sizeBytes;
    this.#removeOld(formerIndex);
    await closeFd(former);
  }

  /** The folder is listed once only: a task may have filled it with names, and a busy log rotates many times a second. */
  #removeOld(formerIndex: number): void {
    const { maxFiles } = this.#options;
    const newestOld = this.#index - maxFiles;
    const old = this.#hasTidied
      ? Array.from({ length: this.#index - formerIndex }, (_, step) => newestOld - step)
      : this.#indexes().filter((index) => index <= newestOld).slice(0, mostTidied);
    this.#hasTidied = true;
    for (const index of old) if (index >= 0) this.#remove(index);
  }

  /** Only the constructor's: whoever gets no object has nothing to close. */
  #cut(sizeBytes: number): void {
    try {
      ftruncateSync(this.#fd, sizeBytes);
      this.#sizeBytes = sizeBytes;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  #openFile(wantedIndex: number): OpenFile {
    for (let index = wantedIndex; ; index += 1) {
      try {
        return withSize(index, this.#options.directory.openFileForAppending(`${this.#options.baseName}.${index}`));
      } catch (error) {
        if (!isTakenName(error) || index - wantedIndex >= mostTakenNames) throw error;
      }
    }
  }

  #remove(index: number): void {
    try {
      this.#options.directory.unlink(`${this.#options.baseName}.${index}`);
    } catch {
      // A folder that the task has made under this name: its own, and no log of ours.
    }
  }

  #indexes(): number[] {
    const prefix = `${this.#options.baseName}.`;
    return this.#options.directory
      .list()
      .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)));
  }
}

interface OpenFile {
  readonly index: number;
  readonly fd: number;
  readonly sizeBytes: number;
}

function withSize(index: number, fd: number): OpenFile {
  try {
    return { index, fd, sizeBytes: fstatSync(fd).size };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The name stands for a link, a folder or a FIFO without a reader, or for a file that the folder refuses to write to. */
function isTakenName(error: unknown): boolean {
  return error instanceof DriverError || ["ELOOP", "EISDIR", "ENXIO"].includes(codeOf(error));
}
