import { Code, ConnectError } from "@connectrpc/connect";
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Feed, toTimerMs, type FeedListener } from "@driver/std";
import type { Logger } from "../log/logger.ts";
import { toErrorTrailers, toTimeoutMs } from "./deadline-and-status.ts";
import { MessageReader, prefixBytes } from "./message-reader.ts";
import type { RpcCall, RpcMethod, RpcServices } from "./rpc-services.ts";
import { toStatusError } from "./status-error.ts";

/** As servers written in Go name it. */
const contentType = "application/grpc";
const acceptedContentTypes = [contentType, `${contentType}+proto`];
const callEnded = new ConnectError("the call has ended", Code.Canceled);
const pluginEnds = new ConnectError("the plugin ends", Code.Canceled);

/**
 * Answers the gRPC calls that arrive as streams of a `node:http2` server. No compression: on a unix socket it only costs time.
 *
 * The RPC library's own server passes each message through half a dozen asynchronous generators, which cost more than all that
 * the driver does for a sample of statistics (docs/decisions/0017); its parts for the protocol are used as they are.
 */
export class RpcServer {
  readonly #services: RpcServices;
  readonly #logger: Logger;
  readonly #calls = new Set<ServerCall>();

  constructor(services: RpcServices, logger: Logger) {
    this.#services = services;
    this.#logger = logger;
  }

  /** Listener for the server's `stream` events. */
  readonly serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    // A stream that its client reset reports that here too; the call's signal has said it already.
    stream.on("error", ignore);
    const path = headers[":path"] ?? "";
    const method = this.#services.find(path);
    // No detour for a method that is there: every call passes here.
    const answering =
      method instanceof Promise
        ? method.then((found) => this.#answer(stream, headers, found))
        : this.#answer(stream, headers, method);
    this.#tellFailure(answering, stream, path);
  };

  /** On its own: what waits for a call to be answered keeps no headers. */
  #tellFailure(answering: Promise<void>, stream: ServerHttp2Stream, path: string): void {
    answering.catch((error: unknown) => {
      // Writes that race a cancel fail late; the client is not listening any more.
      if (isGone(stream)) return;
      this.#logger.warn("answer not delivered", { path, error: String(error) });
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  }

  async #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: RpcMethod | undefined): Promise<void> {
    // Left while its service was loaded.
    if (isGone(stream)) return;
    const refusal = refuse(headers);
    if (refusal !== undefined) return stream.respond(refusal, { endStream: true });
    if (method === undefined) return stream.respond(toUnknown(headers[":path"]), { endStream: true });
    const call = new ServerCall(stream, method, this.#calls);
    return call.run(headers["grpc-timeout"]);
  }

  /** Ends every call with status Canceled, as soon as its method heeds the signal. */
  endCalls(): void {
    for (const call of this.#calls) call.abort(pluginEnds);
  }
}

function ignore(): void {}

function refuse(headers: IncomingHttpHeaders): OutgoingHttpHeaders | undefined {
  if (headers[":method"] !== "POST") return { ":status": 405 };
  return acceptedContentTypes.includes(headers["content-type"]?.toLowerCase() ?? "") ? undefined : { ":status": 415 };
}

/** Status in headers that also end the stream: for an unknown method, in any other shape Go's client reports an internal error. */
function toUnknown(path = ""): OutgoingHttpHeaders {
  return toHeaders(toErrorTrailers(new ConnectError(`unknown method ${path}`.toWellFormed(), Code.Unimplemented)));
}

class ServerCall implements RpcCall, FeedListener<object> {
  readonly method: RpcMethod;
  readonly #stream: ServerHttp2Stream;
  readonly #calls: Set<ServerCall>;
  readonly #controller = new AbortController();
  /** Until the only message of a call that takes one has come. */
  #input: MessageReader | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** One of `calls` until its stream is closed. */
  constructor(stream: ServerHttp2Stream, method: RpcMethod, calls: Set<ServerCall>) {
    this.#stream = stream;
    this.#input = new MessageReader(stream, method.input);
    this.#calls = calls;
    this.method = method;
    calls.add(this);
    stream.once("close", () => this.#close());
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the call with the reason's status, whatever its method makes of the signal once it settles. */
  abort(reason: ConnectError): void {
    this.#controller.abort(reason);
    this.#input?.end();
  }

  /** Settles when the answer and its status are on their way; of a feed, when it has begun. */
  async run(timeout: string | string[] | undefined): Promise<void> {
    try {
      if (timeout !== undefined) this.#setDeadline(toTimeoutMs(String(timeout)));
      const answered = this.method.answer((await this.#request()) as never, this);
      // Nothing waits from here on: there may be hundreds of them, for as long as their tasks run.
      if (answered instanceof Feed) return answered.follow(this);
      if (this.method.kind === "unary") await this.#write((await answered) as object);
      else for await (const message of answered as AsyncIterable<object>) await this.#write(message);
    } catch (error) {
      return this.end(error);
    }
    this.end();
  }

  /** The next message of a feed. @throws when nobody listens any more */
  take(message: object): Promise<void> | undefined {
    return this.#write(message);
  }

  /** No more messages. `error`: why, where that is no good end. */
  end(error: unknown = this.signal.reason): void {
    this.#finish(error === undefined ? { "grpc-status": "0" } : toErrorTrailers(toStatusError(error, this.signal)));
  }

  #setDeadline(timeoutMs: number): void {
    const expire = (): void => this.abort(new ConnectError("the call's deadline has passed", Code.DeadlineExceeded));
    this.#timer = setTimeout(expire, toTimerMs(timeoutMs));
  }

  async #request(): Promise<unknown> {
    const input = this.#input;
    if (this.method.kind === "bidi_streaming") return input;
    const message = await input?.one();
    this.#endInput();
    return message;
  }

  /** What the caller still sends is of no interest, but unread it would keep the stream. */
  #endInput(): void {
    this.#input?.close();
    this.#input = undefined;
  }

  /** Settles when the next message may follow. @throws when nobody listens any more */
  #write(message: object): Promise<void> | undefined {
    const stream = this.#stream;
    if (isGone(stream)) throw callEnded;
    const bytes = this.method.output.encode(message);
    if (!stream.headersSent) stream.respond({ ":status": 200, "content-type": contentType }, { waitForTrailers: true });
    return stream.write(toEnvelope(bytes)) ? undefined : drained(stream);
  }

  #finish(trailers: OutgoingHttpHeaders): void {
    const stream = this.#stream;
    this.#endInput();
    if (isGone(stream)) return;
    if (stream.headersSent) {
      stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end();
      return;
    }
    stream.respond(toHeaders(trailers), { endStream: true });
    // Go's client sends no more of a request that was refused before it had come whole, and does not say so. Not where trailers
    // are under way: this would overtake them.
    setImmediate(() => {
      if (!stream.destroyed && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  #close(): void {
    this.#calls.delete(this);
    clearTimeout(this.#timer);
    this.abort(callEnded);
  }
}

/** A caller who resets a stream closes it at once; it is destroyed some turns later, and a feed may have an item in between. */
function isGone({ destroyed, closed }: ServerHttp2Stream): boolean {
  return destroyed || closed;
}

/** A message that is not compressed, and its length before it: by hand, since each sample of each task passes here. */
function toEnvelope(message: Uint8Array): Buffer {
  const envelope = Buffer.allocUnsafe(prefixBytes + message.length);
  envelope[0] = 0;
  envelope.writeUInt32BE(message.length, 1);
  envelope.set(message, prefixBytes);
  return envelope;
}

function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
  });
}

/** Headers of an answer that has no message, and its status with them. */
function toHeaders(trailers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return { ":status": 200, "content-type": contentType, ...trailers };
}
