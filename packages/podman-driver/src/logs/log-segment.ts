import { close, closeSync, constants, fstatSync, openSync, read, statSync } from "node:fs";
import { promisify } from "node:util";
import { DriverError } from "@driver/nomad-plugin";

const readFd = promisify(read);
const closeFd = promisify(close);

/** One file of a container's log, open for reading. */
export class LogSegment {
  readonly inode: bigint;
  /** Its name; the file conmon writes to loses it in a rotation. */
  readonly path: string;
  readonly #fd: number;

  private constructor(fd: number, path: string, inode: bigint) {
    this.#fd = fd;
    this.path = path;
    this.inode = inode;
  }

  /**
   * Opens a log that an engine names. It must be a regular file of the user who owns the engine's socket: a rootless
   * user's service could name any file of the host otherwise, those that only root may read included.
   */
  static open(path: string, socketPath: string): LogSegment {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (stats.isFile() && Number(stats.uid) === statSync(socketPath).uid) return new LogSegment(fd, path, stats.ino);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    throw new DriverError("failed", `the container's log ${path} is not a file of the engine's user: refused to read it`);
  }

  /** The same open file under the name that a rotation has given it. */
  renamed(path: string): LogSegment {
    return new LogSegment(this.#fd, path, this.inode);
  }

  get sizeBytes(): number {
    return fstatSync(this.#fd).size;
  }

  /** Bytes read into `buffer`; 0 at the end of what is written so far. */
  async read(buffer: Uint8Array, offsetBytes: number): Promise<number> {
    const { bytesRead } = await readFd(this.#fd, buffer, 0, buffer.length, offsetBytes);
    return bytesRead;
  }

  /**
   * Behind the scenes only for a file that is deleted, whose blocks go back now: a task's end waits for this, and on a node
   * with busy cores each change of threads takes its time.
   */
  async close(): Promise<void> {
    if (fstatSync(this.#fd).nlink > 0) closeSync(this.#fd);
    else await closeFd(this.#fd);
  }
}
