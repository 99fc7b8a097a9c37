import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DriverError, type GuardedDirectory } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import { FifoWriter } from "./fifo-writer.ts";
import { keepTrying } from "./keep-trying.ts";

/** Below what the kernel writes to a pipe in one piece, so a probe is never in the pipe by half. */
const probeBytes = 512;
const lookIntervalMs = 10;
const retryMs = 100;
const pipeBytes = 65_536;

export interface ProbeOptions {
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Told why nobody can tell yet whether there is a reader. */
  onTrouble(error: unknown): void;
}

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
  readonly #openFifo: GuardedDirectory["openFifoForWriting"];
  readonly #name: string;
  #keeper: number | undefined;

  constructor(openFifo: GuardedDirectory["openFifoForWriting"], name: string) {
    this.#openFifo = openFifo;
    this.#name = name;
  }

  /**
   * True when some process has the reading end open; says nothing about whether it reads. Throws when that cannot be told,
   * since no descriptor or no memory is left.
   */
  open(): boolean {
    try {
      // Nobody reads the one that is open, and another may have its name by now.
      if (this.#keeper !== undefined && !hasReader(this.#keeper)) this.close();
      this.#keeper ??= this.#openFifo(this.#name);
      return true;
    } catch (error) {
      return saysNobody(error);
    }
  }

  /** A writer on the open FIFO; undefined when there is no reader. Throws as `open` does. */
  openWriter(): FifoWriter | undefined {
    if (this.#keeper === undefined) return undefined;
    try {
      // Not by its name, which the task may have given to something else.
      return new FifoWriter(openAgain(this.#keeper, constants.O_WRONLY));
    } catch (error) {
      saysNobody(error);
      return undefined;
    }
  }

  /**
   * Writes the first bytes of `chunk` and sees whether they are read within `waitMs`. What nobody reads is taken back, with
   * all that an earlier writer left before it.
   */
  async probe(chunk: Uint8Array, options: ProbeOptions): Promise<ProbeResult> {
    const keeper = this.#keeper;
    if (keeper === undefined) return { alive: false, undelivered: [chunk] };
    const { waitMs, signal } = options;
    const accessedAt = accessTimeOf(keeper);
    const written = tryWrite(keeper, chunk.subarray(0, probeBytes));
    const rest = chunk.subarray(written);
    if (written > 0 && (await isReadWithin(waitMs, { fd: keeper, accessedAt }, signal))) return { alive: true, undelivered: [rest] };
    // Where the file system keeps no access times, an empty FIFO is the proof, and one that cannot be looked into is none.
    const back = await keepTrying(() => takeBack(keeper), { pauseMs: retryMs, signal, onFailure: options.onTrouble });
    return { alive: written > 0 && back.length === 0, undelivered: [back, rest] };
  }

  close(): void {
    if (this.#keeper !== undefined) closeSync(this.#keeper);
    this.#keeper = undefined;
  }
}

/**
 * False for an error that says: nobody reads this. ENXIO: no reader. ENOENT: log collection is off. Else the task has put
 * something in the FIFO's place, or nobody may open it. Any other error says nothing, and is thrown.
 */
function saysNobody(error: unknown): false {
  const code = codeOf(error);
  if (error instanceof DriverError || ["ENXIO", "ENOENT", "ELOOP", "EISDIR", "EACCES", "EPERM"].includes(code)) return false;
  throw error;
}

/** What is in the FIFO; nothing when it is empty. Throws when that cannot be told. */
function takeBack(keeper: number): Uint8Array {
  const reader = openAgain(keeper, constants.O_RDONLY);
  try {
    const buffer = Buffer.allocUnsafe(pipeBytes);
    return buffer.subarray(0, readSync(reader, buffer));
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return Buffer.alloc(0);
    throw error;
  } finally {
    closeSync(reader);
  }
}

/** Throws when that cannot be told. */
function hasReader(keeper: number): boolean {
  try {
    closeSync(openAgain(keeper, constants.O_WRONLY));
    return true;
  } catch (error) {
    return saysNobody(error);
  }
}

function openAgain(fd: number, flags: number): number {
  return openSync(`/proc/self/fd/${fd}`, flags | constants.O_NONBLOCK);
}

/** A read of a FIFO shows in its access time, which the write before it has made older than the last change. */
async function isReadWithin(
  waitMs: number,
  fifo: { readonly fd: number; readonly accessedAt: bigint },
  signal: AbortSignal,
): Promise<boolean> {
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
