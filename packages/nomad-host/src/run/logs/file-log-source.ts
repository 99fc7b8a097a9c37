import type { FileHandle } from "node:fs/promises";
import { constants, open } from "node:fs/promises";

import { LogFileReader } from "./log-file-reader.ts";
import type { LogReader, LogSource } from "./log-reader.ts";

export interface FileLogSourceOptions {
  /** The allocation's `alloc/logs`. */
  readonly folderPath: string;
  readonly taskName: string;
  readonly stream: "stdout" | "stderr";
  readonly onGap: (fileCount: number) => Promise<void>;
}

/** A log that the driver writes into rotated files `<task>.<stream>.<number>` by itself. */
export class FileLogSource implements LogSource {
  readonly #options: FileLogSourceOptions;
  #folder: FileHandle | undefined;
  #reader: LogFileReader | undefined;

  constructor(options: FileLogSourceOptions) {
    this.#options = options;
  }

  /** Each life goes on behind the last one; the folder stays the one it was before the task's first start. */
  async open(): Promise<LogReader> {
    const { folderPath, taskName, stream, onGap } = this.#options;
    this.#folder ??= await open(folderPath, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    this.#reader = new LogFileReader({
      folderPath: `/proc/self/fd/${this.#folder.fd}`,
      prefix: `${taskName}.${stream}.`,
      from: this.#reader?.position ?? { index: 0, offset: 0 },
      onGap,
    });
    return this.#reader;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder?.close();
    this.#folder = undefined;
  }
}
