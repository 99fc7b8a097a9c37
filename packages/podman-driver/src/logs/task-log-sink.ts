import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import { RotatedLog, type GuardedDirectory } from "@driver/nomad-plugin";
import { FifoWriter } from "./fifo-writer.ts";
import type { LogSink } from "./log-sink.ts";

export interface TaskLogSinkOptions {
  /** The allocation's log folder; owned by whoever made the sink, and open until it is closed. */
  readonly directory: GuardedDirectory;
  /** Name of Nomad's FIFO in that folder. */
  readonly fifoName: string;
  /** `<task>.stdout` or `<task>.stderr`. */
  readonly baseName: string;
  readonly logger: Logger;
  /** How long a FIFO may be without a reader before the output goes to the files Nomad reads. Default 2000. */
  readonly readerGraceMs?: number;
}

const retryMs = 100;
/** While the files are written, the FIFO is tried again no more often than this. */
const returnIntervalMs = 1000;

/**
 * Nomad's FIFO while somebody reads it; else the numbered files that the reader would have written. Nomad's
 * log collector stops for good when the plugin that held the FIFO dies, and nobody starts it again until the
 * task or the agent restarts: without this the output would be lost until then.
 */
export class TaskLogSink implements LogSink {
  readonly #options: TaskLogSinkOptions;
  #fifo: FifoWriter | undefined;
  #files: RotatedLog | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TaskLogSinkOptions) {
    this.#options = options;
  }

  async write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const fifo = await this.#resolveFifo(signal);
      if (fifo === undefined) return this.#writeFiles(chunks);
      try {
        return await fifo.write(chunks, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The reader has gone: how much of this batch it took is not known, so all of it goes to the next one.
        this.#options.logger.debug("log FIFO lost its reader", { fifo: this.#options.fifoName, error: String(error) });
        fifo.close();
        this.#fifo = undefined;
      }
    }
  }

  async close(): Promise<void> {
    this.#fifo?.close();
    await this.#files?.close();
    this.#fifo = undefined;
    this.#files = undefined;
  }

  /** The FIFO with a reader; undefined when there is none and the files must serve. */
  async #resolveFifo(signal: AbortSignal): Promise<FifoWriter | undefined> {
    if (this.#fifo !== undefined) return this.#fifo;
    const deadlineMs = performance.now() + (this.#options.readerGraceMs ?? 2000);
    for (;;) {
      if (this.#files !== undefined && performance.now() - this.#triedAtMs < returnIntervalMs) return undefined;
      this.#triedAtMs = performance.now();
      const fd = this.#openFifo();
      if (fd !== undefined) return this.#useFifo(fd);
      if (this.#files !== undefined || performance.now() >= deadlineMs) return undefined;
      await sleep(retryMs, undefined, { signal });
    }
  }

  #openFifo(): number | undefined {
    try {
      return this.#options.directory.openFifoForWriting(this.#options.fifoName);
    } catch {
      // ENXIO: no reader. ENOENT: log collection is off. ELOOP or not a FIFO: the task put something in its place.
      return undefined;
    }
  }

  async #useFifo(fd: number): Promise<FifoWriter> {
    this.#fifo = new FifoWriter(fd);
    const files = this.#files;
    this.#files = undefined;
    await files?.close();
    return this.#fifo;
  }

  async #writeFiles(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#files === undefined) {
      this.#options.logger.warn("nobody reads the task's log FIFO; writing the log files directly", { fifo: this.#options.fifoName });
      this.#files = new RotatedLog({ directory: this.#options.directory, baseName: this.#options.baseName });
    }
    for (const chunk of chunks) await this.#files.write(chunk);
  }
}
