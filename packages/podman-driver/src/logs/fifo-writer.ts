import { closeSync } from "node:fs";
import { Socket } from "node:net";

/**
 * Writes to a FIFO opened without blocking. The bytes go through the event loop's own pipe handling, so a slow
 * reader costs neither a thread nor a timer.
 */
export class FifoWriter {
  readonly #socket: Socket;
  #failure: Error | undefined;
  /** Of the write that is under way. */
  #settle: ((error?: Error) => void) | undefined;
  /** The signal of the last write; as a rule it is that of the next. */
  #signal: AbortSignal | undefined;

  /** Takes over the descriptor, also when it throws. */
  constructor(fd: number) {
    this.#socket = toSocket(fd);
    this.#socket.on("error", (error: Error) => {
      this.#failure = error;
      this.#settle?.(error);
    });
  }

  /**
   * Settles when the pipe has taken all bytes; rejects with EPIPE when the reader has gone, and when it is closed meanwhile. One write at
   * a time.
   */
  write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal.aborted) return Promise.reject(signal.reason);
    if (chunks.length === 0) return Promise.resolve();
    this.#follow(signal);
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        if (this.#settle === settle) this.#settle = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#settle = settle;
      if (chunks.length > 1) this.#socket.cork();
      chunks.forEach((chunk, index) => {
        this.#socket.write(chunk, (error) => {
          if (error) settle(this.#failure ?? error);
          else if (index === chunks.length - 1) settle();
        });
      });
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#follow(undefined);
    this.#socket.destroy();
  }

  readonly #abort = (): void => this.#settle?.(this.#signal?.reason);

  #follow(signal: AbortSignal | undefined): void {
    if (signal === this.#signal) return;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }
}

function toSocket(fd: number): Socket {
  try {
    return new Socket({ fd, readable: false, writable: true });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
