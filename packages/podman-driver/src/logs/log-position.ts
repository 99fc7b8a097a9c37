import { closeSync, readSync, writeSync } from "node:fs";
import { GuardedDirectory, type RotatedLogPosition } from "@driver/nomad-plugin";

/** How far a container's output has been delivered. */
export interface LogProgress {
  /** Which of the container's log files, by its inode: a rotation renames them. */
  readonly inode: bigint;
  /** Bytes of that file that are delivered: the end of a line. */
  readonly offsetBytes: number;
  /** Where the plugin's own log files ended then, when it writes them. */
  readonly files?: { readonly stdout: RotatedLogPosition; readonly stderr: RotatedLogPosition } | undefined;
}

/** One write of this length is all or nothing for a process that is killed. */
const recordBytes = 256;

/**
 * The progress of a container's log, kept in a small file beside the allocation so that it outlives the plugin. Written in
 * place after each batch: a crash repeats at most the batch that was under way.
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

  /** Undefined when the file is new, damaged, or of another container. */
  load(): LogProgress | undefined {
    const buffer = Buffer.alloc(recordBytes);
    const length = readSync(this.#fd, buffer, 0, recordBytes, 0);
    const [containerId, inode, offset, ...files] = buffer.toString("latin1", 0, length).trim().split(" ");
    if (containerId !== this.#containerId || inode === undefined || !/^\d{1,20}$/.test(inode)) return undefined;
    const numbers = [offset ?? "", ...files].map((text) => (/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN));
    if (!numbers.every((number) => Number.isSafeInteger(number))) return undefined;
    return toProgress(BigInt(inode), numbers);
  }

  save(progress: LogProgress): void {
    const { stdout, stderr } = progress.files ?? {};
    const files = [stdout, stderr].flatMap((file) => (file === undefined ? [] : [file.index, file.sizeBytes]));
    const record = [this.#containerId, progress.inode, progress.offsetBytes, ...files].join(" ");
    try {
      writeSync(this.#fd, record.padEnd(recordBytes - 1).concat("\n"), 0, "latin1");
    } catch {
      // A full disk must not end the log: the next save tries again, and a crash until then repeats more.
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function toProgress(inode: bigint, numbers: readonly number[]): LogProgress | undefined {
  const [offsetBytes, outIndex, outBytes, errIndex, errBytes] = numbers;
  if (offsetBytes === undefined) return undefined;
  if (outIndex === undefined || outBytes === undefined || errIndex === undefined || errBytes === undefined) return { inode, offsetBytes };
  return { inode, offsetBytes, files: { stdout: { index: outIndex, sizeBytes: outBytes }, stderr: { index: errIndex, sizeBytes: errBytes } } };
}
