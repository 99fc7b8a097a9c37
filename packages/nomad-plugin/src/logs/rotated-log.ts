import { close, fstatSync, write } from "node:fs";
import { promisify } from "node:util";
import type { GuardedDirectory } from "./guarded-directory.ts";

const writeFd = promisify(write);
const closeFd = promisify(close);

export interface RotatedLogOptions {
  readonly directory: GuardedDirectory;
  /** `<task>.stdout` or `<task>.stderr`: Nomad reads the files `<baseName>.<index>`. */
  readonly baseName: string;
  /** Files kept, the one being written included. Default 10. */
  readonly maxFiles?: number;
  /** A file that has reached this size is followed by the next. Default 10 MiB. */
  readonly maxFileBytes?: number;
}

/** Writes a task's output into the numbered files that `nomad alloc logs` reads. One writer per stream. */
export class RotatedLog {
  readonly #options: Required<RotatedLogOptions>;
  #index: number;
  #fd: number;
  #sizeBytes: number;

  /** Goes on with the highest index there is; throws when that name is not a plain file. */
  constructor(options: RotatedLogOptions) {
    this.#options = { maxFiles: 10, maxFileBytes: 10 * 1_048_576, ...options };
    this.#index = Math.max(0, ...this.#indexes());
    this.#fd = this.#openFile();
    this.#sizeBytes = fstatSync(this.#fd).size;
  }

  /** Settles when all bytes are in the file. Rejects with the system's error, ENOSPC for one; nothing is retried. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#sizeBytes >= this.#options.maxFileBytes) await this.#rotate();
      const room = Math.min(bytes.length - at, this.#options.maxFileBytes - this.#sizeBytes);
      const { bytesWritten } = await writeFd(this.#fd, bytes, at, room);
      this.#sizeBytes += bytesWritten;
      at += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await closeFd(this.#fd);
  }

  async #rotate(): Promise<void> {
    await closeFd(this.#fd);
    this.#index += 1;
    this.#fd = this.#openFile();
    this.#sizeBytes = fstatSync(this.#fd).size;
    for (const index of this.#indexes()) {
      if (index <= this.#index - this.#options.maxFiles) this.#options.directory.unlink(`${this.#options.baseName}.${index}`);
    }
  }

  #openFile(): number {
    return this.#options.directory.openFileForAppending(`${this.#options.baseName}.${this.#index}`);
  }

  #indexes(): number[] {
    const prefix = `${this.#options.baseName}.`;
    return this.#options.directory
      .list()
      .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)));
  }
}
