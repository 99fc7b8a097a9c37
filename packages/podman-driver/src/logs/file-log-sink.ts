import { setTimeout as sleep } from "node:timers/promises";
import { RotatedLog, type RotatedLogOptions, type RotatedLogPosition } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import type { LogFolder } from "./log-folder.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogTroubles } from "./log-troubles.ts";

const retryMs = 1000;

export interface FileLogSinkOptions extends Omit<RotatedLogOptions, "directory"> {
  readonly folder: Pick<LogFolder, "directory" | "renew">;
  readonly troubles: Pick<LogTroubles, "raise" | "clear">;
}

/**
 * The numbered log files that Nomad shows. A disk that is full, and whatever else keeps them from being written, stops the
 * output, not the task: it goes on when that is over.
 */
export class FileLogSink implements LogSink {
  readonly #options: FileLogSinkOptions;
  #log: RotatedLog | undefined;
  /** Where the files ended that were let go. */
  #formerPosition: RotatedLogPosition = { index: 0, sizeBytes: 0 };

  /** Touches nothing: the files are opened with the first output. */
  constructor(options: FileLogSinkOptions) {
    this.#options = options;
  }

  /** Makes the first file at once: `nomad alloc logs -f` waits for both streams' files. Throws when it cannot be opened. */
  static open(options: FileLogSinkOptions): FileLogSink {
    const sink = new FileLogSink(options);
    sink.#log = sink.#open(options.resumeAt);
    return sink;
  }

  get position(): RotatedLogPosition {
    return this.#log?.position ?? this.#formerPosition;
  }

  /** Settles when all is written, however long that takes; rejects only with the signal's reason. */
  async write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    for (const chunk of chunks) await this.#writeChunk(chunk, signal);
  }

  finish(): void {
    // Its files exist from the start.
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const { baseName, troubles } = this.#options;
    const log = this.#log;
    this.#formerPosition = this.position;
    this.#log = undefined;
    await log
      ?.close()
      .catch((error: unknown) => troubles.raise(baseName, `the log file ${baseName} could not be closed; its end may be missing`, error));
  }

  async #writeChunk(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    const { baseName, troubles } = this.#options;
    for (let left = chunk; left.length > 0; ) {
      signal.throwIfAborted();
      const beforeBytes = this.#log?.writtenBytes ?? 0;
      try {
        await (this.#log ??= this.#open(undefined)).write(left);
        break;
      } catch (error) {
        left = left.subarray((this.#log?.writtenBytes ?? beforeBytes) - beforeBytes);
        troubles.raise(baseName, `the log file ${baseName} cannot be written; trying again`, error);
        await this.#letGo(error);
      }
      await sleep(retryMs, undefined, { signal });
    }
    troubles.clear(baseName);
  }

  #open(resumeAt: RotatedLogPosition | undefined): RotatedLog {
    const { folder, troubles: _troubles, ...rest } = this.#options;
    return new RotatedLog({ ...rest, directory: folder.directory, resumeAt });
  }

  /** Has the next try open the files anew, and their folder too: they may have been replaced, removed, or be on a disk that has failed. */
  async #letGo(error: unknown): Promise<void> {
    // With these it is the disk that has no room; the files are all right.
    if (["ENOSPC", "EDQUOT"].includes(codeOf(error))) return;
    await this.close();
    try {
      this.#options.folder.renew();
    } catch {
      // The next try will tell.
    }
  }
}
