import { spawn } from "node:child_process";
import { once } from "node:events";
import { close, constants, open } from "node:fs";
import { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

import { RunError } from "../run-error.ts";

// Plain descriptors: a FileHandle would close the socket's descriptor when it is collected.
const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);

/** Makes FIFOs that only this user may open (`nomad`: 0600); rejects with `host-failed` and what `mkfifo` said. */
export async function createFifos(paths: readonly string[]): Promise<void> {
  // In a session of its own: Ctrl-C is for this process, which stops the job in order.
  const child = spawn("mkfifo", ["--mode=0600", "--", ...paths], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const said = text(child.stderr);
  const [code, signal]: unknown[] = await once(child, "close").catch((cause: unknown) => {
    throw new RunError("host-failed", `make the log FIFOs: mkfifo could not be started: ${String(cause)}`, { cause });
  });
  if (code === 0) return;
  const how = code === null ? `was ended by ${String(signal)}` : `ended with code ${String(code)}`;
  throw new RunError(
    "host-failed",
    [`make the log FIFOs ${paths.join(", ")}: mkfifo ${how}`, (await said).trim()].filter((part) => part !== "").join(": "),
  );
}

/**
 * The reading end of a task's log FIFO. It is open before the task starts, so a writer finds a reader at once. It also
 * holds a silent writer of its own: the end of one writer is not the end of the log, and a relaunched plugin goes on.
 * Reading goes through the event loop and never waits in the thread pool.
 */
export class TaskFifo {
  readonly #socket: Socket;
  #keeper: number | undefined;
  #isGivenUp = false;

  private constructor(reader: number, keeper: number) {
    this.#socket = new Socket({ fd: reader, readable: true, writable: false });
    this.#keeper = keeper;
  }

  /** Opens the FIFO at `path` without waiting for a writer. */
  static async open(path: string): Promise<TaskFifo> {
    const flags = constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const reader = await openDescriptor(path, constants.O_RDONLY | flags);
    try {
      return new TaskFifo(reader, await openDescriptor(path, constants.O_WRONLY | flags));
    } catch (error) {
      await closeDescriptor(reader);
      throw error;
    }
  }

  /** The exact bytes, no faster than they are taken; ends after `drain`. To be followed once, or closed. */
  async *follow(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for await (const chunk of this.#socket) yield toBytes(chunk);
    } catch (error) {
      if (!this.#isGivenUp) throw error;
    } finally {
      await this.#dropKeeper();
    }
  }

  /**
   * Lets `follow` end: when the last writer has gone, or when one that stays has been silent for `graceMs`
   * (`nomad`: logmon waits 2 s). What already lies in the FIFO is always read.
   */
  async drain(graceMs: number): Promise<void> {
    this.#socket.on("timeout", () => {
      // A slow consumer pauses the reading: bytes wait here, and perhaps in the FIFO behind them.
      if (this.#socket.readableLength > 0) {
        this.#socket.setTimeout(graceMs);
        return;
      }
      this.#isGivenUp = true;
      this.#socket.destroy();
    });
    this.#socket.setTimeout(graceMs);
    await this.#dropKeeper();
  }

  /** Gives the FIFO up; for one that is not going to be followed. */
  async close(): Promise<void> {
    this.#isGivenUp = true;
    this.#socket.destroy();
    await this.#dropKeeper();
  }

  async #dropKeeper(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    if (keeper !== undefined) await closeDescriptor(keeper);
  }
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError("a FIFO gave something else than bytes");
}
