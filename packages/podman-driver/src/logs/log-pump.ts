import { K8sFileLines } from "@driver/libpod";
import type { LogPosition } from "./log-position.ts";
import type { LogSpool } from "./log-spool.ts";
import type { LogSinks } from "./open-log-sinks.ts";
import type { Slice, SliceBuffers } from "./slice-buffers.ts";

export interface LogPumpOptions {
  readonly spool: LogSpool;
  readonly sinks: Pick<LogSinks, "stdout" | "stderr" | "filePositions">;
  readonly position: Pick<LogPosition, "save">;
  readonly buffers: SliceBuffers;
  /** Calls `onOutput` when conmon has written, until it is closed; undefined where no watch is to be had. */
  watch(onOutput: () => void): { close(): void } | undefined;
}

/**
 * After a look that found something the next one is so much later: a busy task's output is carried in few large slices,
 * not in thousands of small ones. The first output after a silence is not held up.
 */
const gatherMs = 10;

/** So many slices take less than a millisecond; then it is the other tasks' turn. */
const slicesInARow = 4;

/**
 * Carries a container's output from conmon's files to the task's two logs: exact bytes, each stream by itself, at the
 * speed of the slower reader, in slices so small that no other task waits. The next slice is read while one is written.
 * The position is saved after each slice that was delivered, so a crash repeats at most one.
 */
export class LogPump {
  readonly #options: LogPumpOptions;
  readonly #finished = Promise.withResolvers<void>();
  /** Of what is under way; made when something is. */
  #stop: AbortController | undefined;
  #lines = new K8sFileLines();
  /** Where in its file the first byte given to `#lines` stands. */
  #linesFromBytes: number;
  #inode = 0n;
  /** The slice that is being written; its failure is the pump's. */
  #delivery: Promise<void> = Promise.resolve();
  #watch: { close(): void } | undefined;
  #deliveredBytes = 0;
  #slicesInARow = 0;
  /** Between two pokes nothing of it waits: hundreds of tasks are silent for hours. */
  #isMoving = false;
  #isFlowing = false;
  #draining = false;
  #poked = true;
  #endGathering: (() => void) | undefined;

  constructor(options: LogPumpOptions) {
    this.#options = options;
    this.#linesFromBytes = options.spool.offsetBytes;
    // `finished`, `drain` and `close` look at the outcome.
    this.#finished.promise.catch(() => undefined);
    this.#move();
  }

  /** Bytes of output that have reached their logs in this pump's time. */
  get deliveredBytes(): number {
    return this.#deliveredBytes;
  }

  /** Settles with the drain. Rejects as soon as a log cannot be read or written, and when the pump is closed. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** There may be something new to read. */
  readonly poke = (): void => {
    this.#poked = true;
    this.#move();
  };

  /** The container has ended: settles when everything it wrote is delivered. Rejects when a log cannot be read or written. */
  drain(): Promise<void> {
    this.#draining = true;
    this.#endGathering?.();
    this.#move();
    return this.finished;
  }

  /** Ends at once. */
  async close(): Promise<void> {
    this.#stop ??= new AbortController();
    this.#stop.abort(new Error("the log pump was closed"));
    this.#endGathering?.();
    this.#move();
    await this.finished.catch(() => undefined);
  }

  get #signal(): AbortSignal {
    return (this.#stop ??= new AbortController()).signal;
  }

  /** Begins to move what there is, unless that is under way, or the end has come. */
  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    void this.#moveAll();
  }

  /** Until there is nothing more; from then on there is only who pokes. Never rejects. */
  async #moveAll(): Promise<void> {
    try {
      for (;;) {
        this.#stop?.signal.throwIfAborted();
        this.#poked = false;
        const lastLook = this.#draining;
        const found = await this.#moveSlice();
        if (found === "a full slice" || found === "the end of a file") {
          await this.#letOthersRun();
          continue;
        }
        await this.#delivery;
        if (found === "a part of a slice") await this.#gather();
        else if (lastLook) {
          await this.#deliverRest();
          return await this.#end(() => this.#finished.resolve());
        } else if (this.#rests()) return;
      }
    } catch (error) {
      await this.#end(() => this.#finished.reject(error));
    }
  }

  async #end(settle: () => void): Promise<void> {
    this.#endWatch();
    await this.#delivery.catch(() => undefined);
    settle();
  }

  /** Neither a read nor a write need have waited for anything. */
  async #letOthersRun(): Promise<void> {
    this.#slicesInARow = (this.#slicesInARow + 1) % slicesInARow;
    if (this.#slicesInARow === 0) await new Promise(setImmediate);
  }

  async #moveSlice(): Promise<"nothing" | "a part of a slice" | "a full slice" | "the end of a file"> {
    const { spool, buffers } = this.#options;
    // All pumps are poked at once now and then, mostly for nothing: memory is taken only when there is something to move.
    if (!spool.hasMore) return "nothing";
    const slice = buffers.take();
    const { length, isHole, isNewFile, isFileEnd, inode } = await spool.read(slice.input);
    if (length === 0) {
      buffers.giveBack(slice);
      if (isHole) return "a full slice";
      if (!isFileEnd) return "nothing";
      // What was read of this file may still be on its way.
      await this.#delivery;
      await spool.dropFinished();
      return "the end of a file";
    }
    this.#inode = inode;
    if (isNewFile) {
      this.#lines = new K8sFileLines();
      this.#linesFromBytes = spool.offsetBytes - length;
    }
    this.#lines.push(slice.input.subarray(0, length), slice);
    await this.#delivery;
    this.#delivery = this.#deliver(slice);
    // Looked at when the next slice is ready; until then it must not count as unhandled.
    this.#delivery.catch(() => undefined);
    spool.rotateWhenDue();
    return length === slice.input.length ? "a full slice" : "a part of a slice";
  }

  /** What conmon was writing when it was killed. */
  async #deliverRest(): Promise<void> {
    const slice = this.#options.buffers.take();
    this.#lines.finish(slice);
    const isEmpty = slice.stdout.length + slice.stderr.length === 0;
    if (isEmpty) this.#options.buffers.giveBack(slice);
    // What was not read in this pump's time must not count as the place to go on at.
    else await this.#deliver(slice);
  }

  /** Writes out a slice and gives it back; after a failure it is lost, as a write broken off may still read from it. */
  async #deliver(slice: Slice): Promise<void> {
    const { sinks, position, buffers } = this.#options;
    const { stdout, stderr } = slice;
    const progress = { inode: this.#inode, offsetBytes: this.#linesFromBytes + this.#lines.consumedBytes };
    const toStderr = stderr.length > 0 ? sinks.stderr.write([stderr.bytes], this.#signal) : undefined;
    const toStdout = stdout.length > 0 ? sinks.stdout.write([stdout.bytes], this.#signal) : undefined;
    await (toStderr === undefined ? toStdout : Promise.all([toStderr, toStdout]));
    this.#deliveredBytes += stdout.length + stderr.length;
    position.save({ ...progress, files: sinks.filePositions() });
    buffers.giveBack(slice);
  }

  /** While output flows nobody needs to be told of it: a watch would wake this process, and slow conmon, at every single write. */
  async #gather(): Promise<void> {
    if (this.#isFlowing) this.#endWatch();
    this.#isFlowing = true;
    if (this.#draining || this.#stop?.signal.aborted === true) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, gatherMs);
      this.#endGathering = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endGathering = undefined;
  }

  /** Whether there is nothing to do until somebody pokes. */
  #rests(): boolean {
    this.#isFlowing = false;
    if (this.#watch === undefined) {
      this.#watch = this.#options.watch(this.poke);
      // What was written before the watch began.
      if (this.#options.spool.hasMore) return false;
    }
    if (this.#poked || this.#draining || this.#stop?.signal.aborted === true) return false;
    this.#isMoving = false;
    return true;
  }

  #endWatch(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }
}
