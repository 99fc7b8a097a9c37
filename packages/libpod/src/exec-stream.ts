import type { Socket } from "node:net";
import { toBadAnswer } from "./answer-error.ts";
import { toExchangeFailure, type Exchange } from "./http-answer.ts";
import { FrameDemuxer, FrameError, type OutputPiece } from "./frame-demuxer.ts";

/** The connection to a running exec: its output, and its stdin if that was attached. */
export interface ExecStream {
  /**
   * What the command writes; a TTY's output is all stdout. To be iterated once, and it must be: the command stops when
   * nobody reads. Ends when the connection does, which a service that stops causes too: ask `inspect` for the exit
   * code. Leaving the loop closes the connection; the command then goes on without it.
   */
  readonly output: AsyncIterable<OutputPiece>;
  /** Settles when the bytes are handed over; wait for it before the next write. Rejects once the command has ended. */
  write(data: Uint8Array): Promise<void>;
  /** Ends stdin; output goes on. A TTY does not pass it on: write the character 4 there. */
  end(): Promise<void>;
  /** Closes the connection at once; may be called at any time and again. A read that waits rejects as `connection-lost`. */
  destroy(): void;
}

export interface ExecConnection {
  readonly socket: Socket;
  readonly exchange: Exchange;
  readonly tty: boolean;
}

/** Takes over the socket; the call's scope is closed when the socket is. */
export function openExecStream(connection: ExecConnection): ExecStream {
  const { socket, exchange } = connection;
  const { scope } = exchange;
  const abort = (): void => void socket.destroy();
  scope.signal.addEventListener("abort", abort, { once: true });
  if (scope.signal.aborted) abort();
  // Errors reach the caller through `output` and `write`; without a listener they would end the process.
  socket.on("error", () => undefined);
  socket.once("close", () => scope.close());
  return {
    output: readOutput(connection),
    write: async (data) => {
      await settleWrite(exchange, (done) => socket.write(data, done));
    },
    end: async () => {
      await settleWrite(exchange, (done) => socket.end(done));
    },
    destroy: abort,
  };
}

async function settleWrite(exchange: Exchange, begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    begin((error) => (error ? reject(toExchangeFailure(error, exchange)) : resolve()));
  });
}

async function* readOutput({ socket, exchange, tty }: ExecConnection): AsyncGenerator<OutputPiece, void, undefined> {
  const demuxer = new FrameDemuxer();
  try {
    for await (const chunk of socket) {
      if (tty) yield { stream: "stdout", data: chunk, endsFrame: true };
      else yield* demuxer.push(chunk);
    }
    if (!demuxer.isAtBoundary) throw new Error("it ended in the middle of a frame");
    exchange.scope.signal.throwIfAborted();
  } catch (error) {
    throw error instanceof FrameError ? toBadAnswer(error.message, exchange.request, error) : toExchangeFailure(error, exchange);
  } finally {
    socket.destroy();
  }
}
