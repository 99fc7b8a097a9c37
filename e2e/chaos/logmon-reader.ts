import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";

/**
 * Reads a FIFO as Nomad's log collector does: it waits for a writer, reads until the last one has gone, and then never
 * reads again, though it keeps its end open.
 */
export class LogmonReader {
  readonly #chunks: Buffer[] = [];
  readonly #held: number;
  readonly #socket: Socket;
  #keeper: number | undefined;

  constructor(path: string) {
    this.#held = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // Stands for the wait for a first writer: without a writing end the first read would be the end.
    this.#keeper = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
    this.#socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#dropKeeper();
    });
    this.#socket.on("error", () => undefined);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Reads what is left in the FIFO, unless the end was seen before; then lets go of it. */
  async close(): Promise<Buffer> {
    this.#dropKeeper();
    // With the writer gone the end comes at once; a writer that stays is no reason to wait for ever.
    if (!this.#socket.readableEnded) {
      await Promise.race([
        new Promise((resolve) => this.#socket.once("close", resolve)),
        new Promise((resolve) => setTimeout(resolve, 2000).unref()),
      ]);
    }
    this.#socket.destroy();
    closeSync(this.#held);
    return this.bytes();
  }

  #dropKeeper(): void {
    if (this.#keeper !== undefined) closeSync(this.#keeper);
    this.#keeper = undefined;
  }
}
