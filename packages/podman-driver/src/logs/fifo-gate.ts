import { closeSync, fstatSync, readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { GuardedDirectory } from "@driver/nomad-plugin";
import { FifoWriter } from "./fifo-writer.ts";

/** Below what the kernel writes to a pipe in one piece, so a probe is never in the pipe by half. */
const probeBytes = 512;
const lookIntervalMs = 10;
const pipeBytes = 65_536;

export interface ProbeResult {
  /** Somebody takes what is written to the FIFO. */
  readonly alive: boolean;
  /** What has still to be delivered, in order: bytes taken back from the FIFO, then the part that was not written. */
  readonly undelivered: readonly Uint8Array[];
}

/**
 * A FIFO whose reader may be a corpse: Nomad's log collector stops reading for good when the last writer is gone, but
 * keeps its end open, so opening and writing succeed and nothing is ever read. Once opened, the writing end is held
 * until `close`: letting go would end a living reader.
 */
export class FifoGate {
  readonly #directory: GuardedDirectory;
  readonly #name: string;
  #keeper: number | undefined;

  constructor(directory: GuardedDirectory, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  /** True when some process has the reading end open; says nothing about whether it reads. */
  open(): boolean {
    try {
      this.#keeper ??= this.#directory.openFifoForWriting(this.#name);
      return true;
    } catch {
      // ENXIO: no reader. ENOENT: log collection is off. ELOOP or not a FIFO: the task put something in its place.
      return false;
    }
  }

  /** A writer on the FIFO; undefined when there is no reader. */
  openWriter(): FifoWriter | undefined {
    try {
      return new FifoWriter(this.#directory.openFifoForWriting(this.#name));
    } catch {
      return undefined;
    }
  }

  /**
   * Writes the first bytes of `chunk` and sees whether they are read within `waitMs`. What nobody reads is taken back, with
   * all that an earlier writer left before it.
   */
  async probe(chunk: Uint8Array, waitMs: number, signal: AbortSignal): Promise<ProbeResult> {
    const keeper = this.#keeper;
    if (keeper === undefined) return { alive: false, undelivered: [chunk] };
    const accessedAt = accessTimeOf(keeper);
    const written = tryWrite(keeper, chunk.subarray(0, probeBytes));
    const rest = chunk.subarray(written);
    if (written > 0 && (await isReadWithin(waitMs, { fd: keeper, accessedAt }, signal))) return { alive: true, undelivered: [rest] };
    // Where the file system keeps no access times, an empty FIFO is the proof.
    const back = this.#takeBack();
    return { alive: written > 0 && back.length === 0, undelivered: [back, rest] };
  }

  close(): void {
    if (this.#keeper !== undefined) closeSync(this.#keeper);
    this.#keeper = undefined;
  }

  #takeBack(): Uint8Array {
    let reader: number | undefined;
    try {
      reader = this.#directory.openFifoForReading(this.#name);
      const buffer = Buffer.allocUnsafe(pipeBytes);
      return buffer.subarray(0, readSync(reader, buffer));
    } catch {
      // EAGAIN: it is empty.
      return Buffer.alloc(0);
    } finally {
      if (reader !== undefined) closeSync(reader);
    }
  }
}

/** A read of a FIFO shows in its access time, which the write before it has made older than the last change. */
async function isReadWithin(waitMs: number, fifo: { readonly fd: number; readonly accessedAt: bigint }, signal: AbortSignal): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  while (performance.now() < deadlineMs) {
    await sleep(lookIntervalMs, undefined, { signal });
    if (accessTimeOf(fifo.fd) !== fifo.accessedAt) return true;
  }
  return false;
}

function accessTimeOf(fd: number): bigint {
  return fstatSync(fd, { bigint: true }).atimeNs;
}

/** Bytes written; 0 when the FIFO is full or has lost its reader. */
function tryWrite(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    return 0;
  }
}
