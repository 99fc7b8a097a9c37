import { K8sFileLines, type K8sFileEntry } from "@driver/libpod";
import type { LogPosition } from "./log-position.ts";
import type { LogSinks } from "./open-log-sinks.ts";
import type { LogSource } from "./log-source.ts";
import type { Slice, SliceBuffers } from "./slice-buffers.ts";

export interface LogPumpOptions {
  readonly source: LogSource;
  readonly sinks: LogSinks;
  readonly position: LogPosition;
  readonly buffers: SliceBuffers;
  /** Where to begin, from `position`. */
  readonly offsetBytes: number;
}

/**
 * Carries a container's output from conmon's file to the task's two logs: exact bytes, each stream by itself, at the
 * speed of the slower reader, in slices so small that no other task waits. The position is saved after each slice that
 * was delivered, so a crash repeats at most one.
 */
export class LogPump {
  readonly #options: LogPumpOptions;
  readonly #lines = new K8sFileLines();
  readonly #stop = new AbortController();
  readonly #finished: Promise<void>;
  #offsetBytes: number;
  #draining = false;
  #poked = true;
  #wake: (() => void) | undefined;

  constructor(options: LogPumpOptions) {
    this.#options = options;
    this.#offsetBytes = options.offsetBytes;
    this.#finished = this.#run();
    // `drain` and `close` look at the outcome.
    this.#finished.catch(() => undefined);
  }

  /** There may be something new to read. */
  readonly poke = (): void => {
    this.#poked = true;
    this.#wake?.();
  };

  /** Bytes of the source that have been delivered. */
  get deliveredBytes(): number {
    return this.#options.offsetBytes + this.#lines.consumedBytes;
  }

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
      const hadBytes = await this.#options.buffers.lease((slice) => this.#moveSlice(slice));
      if (hadBytes) continue;
      if (lastLook) return this.#deliverRest();
      await this.#nextPoke();
    }
  }

  async #moveSlice(slice: Slice): Promise<boolean> {
    const length = await this.#options.source.read(slice.input, this.#offsetBytes);
    if (length === 0) return false;
    this.#offsetBytes += length;
    await this.#deliver(this.#lines.push(slice.input.subarray(0, length)), slice);
    this.#options.position.save(this.deliveredBytes);
    return true;
  }

  /** What conmon was writing when it was killed. */
  async #deliverRest(): Promise<void> {
    await this.#deliver(this.#lines.finish());
    this.#options.position.save(this.deliveredBytes);
  }

  async #deliver(entries: readonly K8sFileEntry[], slice?: Slice): Promise<void> {
    const { stdout, stderr } = this.#options.sinks;
    const out = gather(entries, "stdout", slice?.stdout);
    const err = gather(entries, "stderr", slice?.stderr);
    await Promise.all([
      out.length > 0 ? stdout.write(out, this.#stop.signal) : undefined,
      err.length > 0 ? stderr.write(err, this.#stop.signal) : undefined,
    ]);
  }

  async #nextPoke(): Promise<void> {
    if (this.#poked) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

/** One stream's bytes in one piece: thousands of small writes cost far more than a copy. */
function gather(entries: readonly K8sFileEntry[], stream: "stdout" | "stderr", into: Uint8Array | undefined): Uint8Array[] {
  const pieces = entries.filter((entry) => entry.stream === stream && entry.bytes.length > 0).map((entry) => entry.bytes);
  const totalBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (pieces.length <= 1 || into === undefined || totalBytes > into.length) return pieces;
  let at = 0;
  for (const piece of pieces) {
    into.set(piece, at);
    at += piece.length;
  }
  return [into.subarray(0, totalBytes)];
}
