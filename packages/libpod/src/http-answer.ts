import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { CallScope } from "./call-scope.ts";
import { toBadAnswer, toConnectionError } from "./answer-error.ts";
import type { HttpRequest } from "./http-request.ts";
import type { TlsFiles } from "./service-place.ts";

/** Far above any answer of Podman: a list of some thousand containers is a few MiB. */
const maxBodyBytes = 64 * 1024 * 1024;

/** What an exchange needs to name its failures. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly scope: CallScope;
  /** Where the service listens, for messages. */
  readonly place: string;
}

/**
 * The reason a broken exchange rejects with: why it was aborted, if it was, else what happened to the connection.
 * @param tls of a service that is reached by TLS, and has not begun to answer
 */
export function toExchangeFailure(error: unknown, exchange: Exchange, tls?: TlsFiles): unknown {
  if (exchange.scope.signal.aborted) return exchange.scope.signal.reason;
  return toConnectionError(error, exchange.request, exchange.place, tls);
}

/** Head of an answer; its body must be read or discarded, once. */
export class HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly exchange: Exchange;
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage, exchange: Exchange) {
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.exchange = exchange;
    this.#message = message;
  }

  /** The whole body as text, at most 64 MiB. */
  async text(): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const message = this.#message;
    try {
      await new Promise<void>((resolve, reject) => {
        message.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > maxBodyBytes) reject(toBadAnswer(`the body is longer than ${maxBodyBytes} bytes`, this.exchange.request));
          else chunks.push(chunk);
        });
        const fail = (error: unknown): void => reject(toExchangeFailure(error, this.exchange));
        const cutShort = (): void => fail(new Error("the connection was closed before the body's end"));
        message.once("end", () => {
          // Each whole body is followed by a close, for which an error would be made that nobody hears of.
          message.off("close", cutShort);
          // An abort takes the listener for data away, and a body that had come whole still ends.
          if (this.exchange.scope.signal.aborted) fail(undefined);
          else resolve();
        });
        message.once("error", fail).once("close", cutShort);
      });
    } finally {
      this.discard();
    }
    return Buffer.concat(chunks, length).toString("utf8");
  }

  /**
   * The body piece by piece, read only as fast as the caller takes it; leaving the loop closes the connection. All that has
   * come meanwhile is one piece: Podman sends each line of a log by itself.
   */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const message = this.#message;
    try {
      for await (const chunk of message) {
        const more: Uint8Array | null = message.readableLength > 0 ? message.read(message.readableLength) : null;
        yield more === null ? chunk : Buffer.concat([chunk, more]);
      }
    } catch (error) {
      throw toExchangeFailure(error, this.exchange);
    } finally {
      this.discard();
    }
  }

  /** Drops what is left of the body, and its connection if there is something left. */
  discard(): void {
    if (!this.#message.readableEnded) this.#message.destroy();
  }
}
