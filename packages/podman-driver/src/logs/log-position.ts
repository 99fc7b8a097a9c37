import { closeSync, readSync, writeSync } from "node:fs";
import { GuardedDirectory } from "@driver/nomad-plugin";

const recordBytes = 96;

/**
 * How far a container's log has been delivered, kept in a small file beside the allocation so that it outlives
 * the plugin. Written in place after each batch: a crash repeats at most the batch that was under way.
 */
export class LogPosition {
  readonly #fd: number;
  readonly #containerId: string;

  private constructor(fd: number, containerId: string) {
    this.#fd = fd;
    this.#containerId = containerId;
  }

  /** Opens or makes the file in the task's folder, which no container can write to. */
  static open(allocDir: string, taskName: string, containerId: string): LogPosition {
    const directory = GuardedDirectory.open(allocDir, taskName);
    try {
      return new LogPosition(directory.openFileForUpdating(".podman-log-position"), containerId);
    } finally {
      directory.close();
    }
  }

  /** Bytes of the source already delivered; 0 when the file is new, damaged, or of another container. */
  load(): number {
    const buffer = Buffer.alloc(recordBytes);
    const length = readSync(this.#fd, buffer, 0, recordBytes, 0);
    const [containerId, offset] = buffer.toString("latin1", 0, length).trim().split(" ");
    const offsetBytes = Number(offset);
    return containerId === this.#containerId && Number.isSafeInteger(offsetBytes) && offsetBytes > 0 ? offsetBytes : 0;
  }

  save(offsetBytes: number): void {
    try {
      writeSync(this.#fd, `${this.#containerId} ${offsetBytes}`.padEnd(recordBytes - 1).concat("\n"), 0, "latin1");
    } catch {
      // A full disk must not end the log: the next save tries again, and a crash until then repeats more.
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
