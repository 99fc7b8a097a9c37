import { close, constants, open } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const openFd = promisify(open);
const closeFd = promisify(close);

/** Reads a FIFO as Nomad's logmon does: one reader, opened before the task starts, that ends with the last writer. */
export class LogReader {
  readonly #path: string;
  readonly #chunks: Buffer[] = [];
  #socket: Socket | undefined;
  #keeper: number | undefined;
  #ended = false;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<LogReader> {
    const reader = new LogReader(path);
    await reader.reopen();
    return reader;
  }

  /** Reads again after `leave`, or after the last writer has gone. */
  async reopen(): Promise<void> {
    const fd = await openFd(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    // Without a writer the first read would be the end; ours goes as soon as another one shows.
    this.#keeper = await openFd(this.#path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.#ended = false;
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    this.#socket.on("end", () => (this.#ended = true));
    this.#socket.on("error", () => (this.#ended = true));
  }

  /** Everything read so far. */
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Bytes read so far. */
  get length(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  text(): string {
    return this.bytes().toString("utf8");
  }

  /** Settles when `wanted` holds for the text read so far; rejects after `timeoutMs` (default 60 s) with what there is. */
  async until(wanted: (text: string) => boolean, timeoutMs = 60_000): Promise<string> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!wanted(this.text())) {
      if (performance.now() > deadlineMs) throw new Error(`the log did not get there; it has ${JSON.stringify(this.text().slice(-500))}`);
      await sleep(10);
    }
    return this.text();
  }

  /** The whole log: settles when the last writer but this reader's own has gone. */
  async whole(): Promise<Buffer> {
    await this.#dropKeeper();
    const deadlineMs = performance.now() + 60_000;
    while (!this.#ended) {
      if (performance.now() > deadlineMs) throw new Error(`somebody still writes to ${this.#path}`);
      await sleep(5);
    }
    return this.bytes();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Stops reading for good, as a logmon that has seen the end. */
  async leave(): Promise<void> {
    await this.#dropKeeper();
    this.#socket?.destroy();
  }

  async close(): Promise<void> {
    await this.leave();
  }

  async #dropKeeper(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    if (keeper !== undefined) await closeFd(keeper);
  }
}
