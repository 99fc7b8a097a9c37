import { setTimeout as sleep } from "node:timers/promises";
import { RotatedLog, type Logger, type RotatedLogOptions, type RotatedLogPosition } from "@driver/nomad-plugin";
import type { LogSink } from "./log-sink.ts";

const retryMs = 1000;

/** The numbered log files that Nomad shows. A full disk stops the output, not the task: it goes on when there is room again. */
export class FileLogSink implements LogSink {
  readonly #log: RotatedLog;
  readonly #baseName: string;
  readonly #logger: Logger;

  /** Makes the first file at once: `nomad alloc logs -f` waits for both streams' files. */
  constructor(options: RotatedLogOptions & { readonly logger: Logger }) {
    this.#log = new RotatedLog(options);
    this.#baseName = options.baseName;
    this.#logger = options.logger;
  }

  get position(): RotatedLogPosition {
    return this.#log.position;
  }

  async write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    for (const chunk of chunks) await this.#writeChunk(chunk, signal);
  }

  finish(): void {
    // Its files exist from the start.
  }

  async close(): Promise<void> {
    await this.#log.close();
  }

  async #writeChunk(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let left = chunk, tries = 0; left.length > 0; tries += 1) {
      const beforeBytes = this.#log.writtenBytes;
      try {
        return await this.#log.write(left);
      } catch (error) {
        if (tries === 0) this.#logger.warn("a log file of the task cannot be written; trying again", { log: this.#baseName, error: String(error) });
        left = left.subarray(this.#log.writtenBytes - beforeBytes);
        await sleep(retryMs, undefined, { signal });
      }
    }
  }
}
