import { K8sFileLines, type K8sFileEntry } from "@driver/libpod";
import type { LogPosition } from "./log-position.ts";
import type { LogSpool } from "./log-spool.ts";
import type { LogSinks } from "./open-log-sinks.ts";
import type { Slice, SliceBuffers } from "./slice-buffers.ts";

export interface LogPumpOptions {
  readonly spool: LogSpool;
  readonly sinks: Pick<LogSinks, "stdout" | "stderr" | "filePositions">;
  readonly position: Pick<LogPosition, "save">;
  readonly buffers: SliceBuffers;
}

/**
 * Carries a container's output from conmon's files to the task's two logs: exact bytes, each stream by itself, at the
 * speed of the slower reader, in slices so small that no other task waits. The position is saved after each slice that
 * was delivered, so a crash repeats at most one.
 */
export class LogPump {
  readonly #options: LogPumpOptions;
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  #lines = new K8sFileLines();
  /** Where in its file the first byte given to `#lines` stands. */
  #linesFromBytes: number;
  #inode = 0n;
  #draining = false;
  #poked = true;
  #wake: (() => void) | undefined;

  constructor(options: LogPumpOptions) {
    this.#options = options;
    this.#linesFromBytes = options.spool.offsetBytes;
    this.#finished = this.#run();
    // `drain` and `close` look at the outcome.
    this.#finished.catch(() => undefined);
  }

  /** There may be something new to read. */
  readonly poke = (): void => {
    this.#poked = true;
    this.#wake?.();
  };

  /** The container has ended: settles when everything it wrote is delivered. Rejects when a log cannot be read or written. */
  drain(): Promise<void> {
    this.#draining = true;
    this.poke();
    return this.#finished;
  }

  /** Ends at once. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the log pump was closed"));
    this.poke();
    await this.#finished.catch(() => undefined);
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#stop.signal.throwIfAborted();
      this.#poked = false;
      const lastLook = this.#draining;
      // All pumps are poked at once now and then, mostly for nothing: memory is taken only when there is something to move.
      const hadBytes = this.#options.spool.hasMore && (await this.#options.buffers.lease((slice) => this.#moveSlice(slice)));
      if (hadBytes) continue;
      if (lastLook) return this.#deliverRest();
      await this.#nextPoke();
    }
  }

  async #moveSlice(slice: Slice): Promise<boolean> {
    const { spool } = this.#options;
    const { length, isNewFile, inode } = await spool.read(slice.input);
    if (length === 0) return false;
    this.#inode = inode;
    if (isNewFile) {
      this.#lines = new K8sFileLines();
      this.#linesFromBytes = spool.offsetBytes - length;
    }
    await this.#deliver(this.#lines.push(slice.input.subarray(0, length)), slice);
    await spool.rotateWhenDue(this.#stop.signal);
    return true;
  }

  /** What conmon was writing when it was killed. */
  async #deliverRest(): Promise<void> {
    const rest = this.#lines.finish();
    if (rest.length > 0) await this.#deliver(rest);
  }

  async #deliver(entries: readonly K8sFileEntry[], slice?: Slice): Promise<void> {
    const { sinks, position } = this.#options;
    const out = gather(entries, "stdout", slice?.stdout);
    const err = gather(entries, "stderr", slice?.stderr);
    await Promise.all([
      out.length > 0 ? sinks.stdout.write(out, this.#stop.signal) : undefined,
      err.length > 0 ? sinks.stderr.write(err, this.#stop.signal) : undefined,
    ]);
    position.save({ inode: this.#inode, offsetBytes: this.#linesFromBytes + this.#lines.consumedBytes, files: sinks.filePositions() });
  }

  async #nextPoke(): Promise<void> {
    if (this.#poked) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

/** One stream's bytes in one piece: thousands of small writes cost far more than a copy. Makes no lists: a torrent has a million lines a second. */
function gather(entries: readonly K8sFileEntry[], stream: "stdout" | "stderr", into: Uint8Array | undefined): Uint8Array[] {
  let totalBytes = 0;
  for (const entry of entries) if (entry.stream === stream) totalBytes += entry.bytes.length;
  if (totalBytes === 0) return [];
  if (into === undefined || totalBytes > into.length) return entries.filter((entry) => entry.stream === stream).map((entry) => entry.bytes);
  let at = 0;
  for (const { stream: of, bytes } of entries) {
    if (of !== stream) continue;
    into.set(bytes, at);
    at += bytes.length;
  }
  return [into.subarray(0, totalBytes)];
}
