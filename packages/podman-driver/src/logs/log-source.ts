import { close, closeSync, constants, fstatSync, open, read, statSync } from "node:fs";
import { promisify } from "node:util";
import { DriverError } from "@driver/nomad-plugin";

const openFile = promisify(open);
const readFd = promisify(read);
const closeFd = promisify(close);

/** The file that conmon writes a container's output to, in the engine's own storage. */
export class LogSource {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Opens a log that an engine names. It must be a regular file of the user who owns the engine's socket: a rootless
   * user's service could name any file of the host otherwise, those that only root may read included.
   */
  static async open(path: string, socketPath: string): Promise<LogSource> {
    const fd = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd);
      if (stats.isFile() && stats.uid === statSync(socketPath).uid) return new LogSource(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    throw new DriverError("failed", `the container's log ${path} is not a file of the engine's user: refused to read it`);
  }

  /** Bytes read into `buffer`; 0 at the end of what is written so far. */
  async read(buffer: Uint8Array, offsetBytes: number): Promise<number> {
    const { bytesRead } = await readFd(this.#fd, buffer, 0, buffer.length, offsetBytes);
    return bytesRead;
  }

  async close(): Promise<void> {
    await closeFd(this.#fd);
  }
}
