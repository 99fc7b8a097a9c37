import { createFifos, TaskFifo } from "../fifo/task-fifo.ts";
import type { LogReader, LogSource } from "./log-reader.ts";

/** logmon gives a FIFO's last writer as long. */
const drainGraceMs = 2_000;

/** A log that the driver writes into a FIFO of ours: the same one for all lives of a task, opened anew for each. */
export class FifoLogSource implements LogSource {
  readonly #path: string;
  #isCreated = false;

  constructor(path: string) {
    this.#path = path;
  }

  async open(): Promise<LogReader> {
    if (!this.#isCreated) await createFifos([this.#path]);
    this.#isCreated = true;
    const fifo = await TaskFifo.open(this.#path);
    return { follow: () => fifo.follow(), drain: () => fifo.drain(drainGraceMs), close: () => fifo.close() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
