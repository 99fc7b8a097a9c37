import { close, closeSync, constants, fstatSync, ftruncateSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import type { EngineFolder } from "../host/engine-storage.ts";

const readFd = promisify(read);
const closeFd = promisify(close);

/** One file of a container's log, open for reading. */
export class LogSegment {
  readonly inode: bigint;
  /** Its name in the engine's folder; the file conmon writes to loses it in a rotation. */
  readonly name: string;
  readonly #fd: number;
  #knownBytes: number;

  private constructor(fd: number, name: string, inode: bigint, knownBytes: number) {
    this.#fd = fd;
    this.name = name;
    this.inode = inode;
    this.#knownBytes = knownBytes;
  }

  /** Throws when it is missing, or no regular file of the engine's user. */
  static open(folder: EngineFolder, name: string): LogSegment {
    const fd = folder.openFile(name);
    try {
      const { ino, size } = fstatSync(fd, { bigint: true });
      return new LogSegment(fd, name, ino, Number(size));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** The same open file under the name that a rotation has given it. */
  renamed(name: string): LogSegment {
    return new LogSegment(this.#fd, name, this.inode, this.#knownBytes);
  }

  /** Asks the kernel. */
  get sizeBytes(): number {
    return (this.#knownBytes = fstatSync(this.#fd).size);
  }

  /** The size when it was seen last, by a look at it or by a read that met the end; asks nobody. */
  get knownBytes(): number {
    return this.#knownBytes;
  }

  /** Bytes read into `buffer`; 0 at the end of what is written so far. */
  async read(buffer: Uint8Array, offsetBytes: number): Promise<number> {
    const { bytesRead } = await readFd(this.#fd, buffer, 0, buffer.length, offsetBytes);
    return this.#noteEnd(buffer, offsetBytes, bytesRead);
  }

  /** As `read`, in this thread: for what is in the kernel's memory. */
  readAtOnce(buffer: Uint8Array, offsetBytes: number): number {
    return this.#noteEnd(buffer, offsetBytes, readSync(this.#fd, buffer, 0, buffer.length, offsetBytes));
  }

  /** Empties the file, whatever its name is by now. Returns the size it had. */
  empty(): number {
    // Not by its name, which may be another file's.
    const fd = openSync(`/proc/self/fd/${this.#fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(fd);
      ftruncateSync(fd, 0);
      this.#knownBytes = 0;
      return size;
    } finally {
      closeSync(fd);
    }
  }

  #noteEnd(buffer: Uint8Array, offsetBytes: number, bytesRead: number): number {
    if (bytesRead < buffer.length) this.#knownBytes = offsetBytes + bytesRead;
    return bytesRead;
  }

  /**
   * Behind the scenes only for a file that is deleted, whose blocks go back now: a task's end waits for this, and on a node
   * with busy cores each change of threads takes its time. Never rejects: nothing is written through it that could be lost.
   */
  async close(): Promise<void> {
    try {
      if (fstatSync(this.#fd).nlink > 0) closeSync(this.#fd);
      else await closeFd(this.#fd);
    } catch {
      // The kernel has let go of the descriptor all the same.
    }
  }
}
