import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import { defaultLogFiles } from "../config/resolve-log-files.ts";
import { FifoGate } from "./fifo-gate.ts";
import type { FifoWriter } from "./fifo-writer.ts";
import { FileLogSink } from "./file-log-sink.ts";
import { keepTrying } from "./keep-trying.ts";
import type { LogFolder } from "./log-folder.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogTroubles } from "./log-troubles.ts";

export interface TaskLogSinkOptions {
  /** The allocation's log folder; owned by whoever made the sink, and open until it is closed. */
  readonly folder: LogFolder;
  /** Where Nomad's FIFO is, as a rule the same; owned likewise. */
  readonly fifoFolder: LogFolder;
  readonly fifoName: string;
  /** `<task>.stdout` or `<task>.stderr`. */
  readonly baseName: string;
  /** True for a task just started: Nomad has a collector waiting. False for a recovered one: its collector may have stopped. */
  readonly readerIsFresh: boolean;
  readonly logger: Pick<Logger, "debug" | "warn">;
  readonly troubles: LogTroubles;
  /** How long a FIFO may be without somebody who reads it before the output goes to the files Nomad shows. Default 2000. */
  readonly readerGraceMs?: number;
  /** While the files are written, the FIFO is tried no more often than this. Default 3000. */
  readonly returnIntervalMs?: number;
}

const openRetryMs = 100;
/** Without descriptors or memory nobody can tell whether there is a reader; that is looked for so often. */
const troubleRetryMs = 500;
/** While the files are written, a try of the FIFO may delay the output by this much. */
const returnProbeMs = 100;

/**
 * Nomad's FIFO while somebody reads it; else the numbered files that the reader would have written. Nomad's log
 * collector stops for good when the plugin that held the FIFO dies, and nobody starts it again until the task or the
 * agent restarts: without this the output would be lost until then.
 */
export class TaskLogSink implements LogSink {
  readonly #options: TaskLogSinkOptions;
  /** From the first output on: many a stream never has any. */
  #gate: FifoGate | undefined;
  #readerIsProven: boolean;
  #fifo: FifoWriter | undefined;
  #files: FileLogSink | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TaskLogSinkOptions) {
    this.#options = options;
    this.#readerIsProven = options.readerIsFresh;
  }

  async write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    let left = chunks;
    while (left.length > 0) {
      left = this.#fifo === undefined ? await this.#findReader(left, signal) : await this.#writeFifo(this.#fifo, left, signal);
      if (this.#fifo === undefined && this.#files !== undefined) {
        return this.#files.write(left, signal);
      }
    }
  }

  /**
   * Opens the FIFO of a stream that was silent: Nomad's collector waits for its first writer, and holds up the end of the
   * allocation for seconds if none ever comes. Not before the end: a collector that waits outlives this plugin.
   */
  finish(): void {
    try {
      this.#fifoGate.open();
    } catch (error) {
      this.#options.logger.debug("log FIFO cannot be opened for a collector that waits", {
        fifo: this.#options.fifoName,
        error: String(error),
      });
    }
  }

  async close(): Promise<void> {
    this.#fifo?.close();
    this.#gate?.close();
    await this.#files?.close();
    this.#fifo = undefined;
    this.#files = undefined;
  }

  get #fifoGate(): FifoGate {
    const { fifoFolder, fifoName } = this.#options;
    return (this.#gate ??= new FifoGate((name) => fifoFolder.directory.openFifoForWriting(name), fifoName));
  }

  get #readerGraceMs(): number {
    return this.#options.readerGraceMs ?? 2000;
  }

  /** What is left to write: nothing, or all of it when the reader has gone and took nobody knows how much. */
  async #writeFifo(fifo: FifoWriter, chunks: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Uint8Array[]> {
    try {
      await fifo.write(chunks, signal);
      return [];
    } catch (error) {
      signal.throwIfAborted();
      this.#options.logger.debug("log FIFO lost its reader", { fifo: this.#options.fifoName, error: String(error) });
      fifo.close();
      this.#fifo = undefined;
      this.#readerIsProven = false;
      return chunks;
    }
  }

  /** Ends with either the FIFO or the files in place. Returns what is left to write. */
  async #findReader(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Uint8Array[]> {
    const isReturn = this.#files !== undefined;
    const { returnIntervalMs = 3000 } = this.#options;
    if (isReturn && performance.now() - this.#triedAtMs < returnIntervalMs) return chunks;
    this.#triedAtMs = performance.now();
    if (!(await this.#openGate(isReturn ? 0 : this.#readerGraceMs, signal))) return this.#useFiles(chunks);
    if (this.#readerIsProven) return this.#useFifo(chunks, signal);
    const [first = new Uint8Array(), ...others] = chunks;
    const waitMs = isReturn ? returnProbeMs : this.#readerGraceMs;
    const { alive, undelivered } = await this.#fifoGate.probe(first, { waitMs, signal, onTrouble: (error) => this.#tell(error) });
    const left = [...undelivered, ...others].filter((chunk) => chunk.length > 0);
    return alive ? this.#useFifo(left, signal) : this.#useFiles(left);
  }

  async #openGate(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const deadlineMs = performance.now() + graceMs;
    while (!(await this.#untilTold(() => this.#fifoGate.open(), signal))) {
      if (performance.now() >= deadlineMs) return false;
      await sleep(openRetryMs, undefined, { signal });
    }
    return true;
  }

  async #useFifo(left: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Uint8Array[]> {
    this.#fifo = await this.#untilTold(() => this.#fifoGate.openWriter(), signal);
    if (this.#fifo === undefined) return this.#useFiles(left);
    const files = this.#files;
    this.#files = undefined;
    await files?.close();
    return left;
  }

  #useFiles(left: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#files === undefined) {
      this.#options.logger.warn("nobody reads the task's log FIFO; writing the log files directly", { fifo: this.#options.fifoName });
      const { folder, baseName, troubles } = this.#options;
      this.#files = new FileLogSink({ folder, baseName, ...defaultLogFiles, troubles });
    }
    return left;
  }

  /** Waits for an answer: to take no descriptor left for no reader would end the log that a living collector writes. */
  async #untilTold<T>(ask: () => T, signal: AbortSignal): Promise<T> {
    const answer = await keepTrying(ask, { pauseMs: troubleRetryMs, signal, onFailure: (error) => this.#tell(error) });
    this.#options.troubles.clear(this.#options.fifoName);
    return answer;
  }

  #tell(error: unknown): void {
    const { fifoName, troubles } = this.#options;
    troubles.raise(fifoName, `the log FIFO ${fifoName} cannot be opened; trying again`, error);
  }
}
