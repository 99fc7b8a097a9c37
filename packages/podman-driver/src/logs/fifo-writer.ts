import { closeSync } from "node:fs";
import { Socket } from "node:net";

/**
 * Writes to a FIFO opened without blocking. The bytes go through the event loop's own pipe handling, so a slow
 * reader costs neither a thread nor a timer.
 */
export class FifoWriter {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #fail: ((error: Error) => void) | undefined;

  /** Takes over the descriptor, also when it throws. */
  constructor(fd: number) {
    this.#socket = toSocket(fd);
    this.#socket.on("error", (error: Error) => {
      this.#failure = error;
      this.#fail?.(error);
    });
  }

  /** Settles when the pipe has taken all bytes; rejects with EPIPE when the reader has gone, and when it is closed meanwhile. */
  write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal.aborted) return Promise.reject(signal.reason);
    if (chunks.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#fail = undefined;
        signal.removeEventListener("abort", abort);
        finish();
      };
      const abort = (): void => settle(() => reject(signal.reason));
      this.#fail = (error) => settle(() => reject(error));
      signal.addEventListener("abort", abort, { once: true });
      this.#socket.cork();
      chunks.forEach((chunk, index) => {
        const isLast = index === chunks.length - 1;
        this.#socket.write(chunk, (error) => {
          if (error) settle(() => reject(this.#failure ?? error));
          else if (isLast) settle(resolve);
        });
      });
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#socket.destroy();
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
