import { Code, ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import type { Readable } from "node:stream";
import type { Fields, MessageForm } from "../wire/message-form.ts";

/** Hosts send up to 2 GiB; a task with a large environment or templates exceeds gRPC's usual 4 MiB. */
const maxMessageBytes = 256 * 1024 * 1024;
/** One byte of flags and the length as four (grpc: PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
export const prefixBytes = 5;
const nothing: Buffer = Buffer.alloc(0);

/**
 * The messages of one request, in their order; for one reader at a time. The stream flows only while a message is waited for, so
 * that a sender is held back. It is left open at the end: the answer goes the other way on it.
 */
export class MessageReader implements AsyncIterableIterator<Fields, undefined> {
  readonly #stream: Readable;
  readonly #form: MessageForm;
  #received = nothing;
  #chunks: Buffer[] = [];
  #missingBytes = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable, form: MessageForm) {
    this.#stream = stream;
    this.#form = form;
    // A listener for data sets a stream flowing that was not told to wait.
    // The stream's close counts as an end: who asked is gone, and the call's signal has aborted by then.
    stream.pause().on("data", this.#take).on("end", this.end).on("close", this.end);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Done when the sender has ended its side, or is gone. Rejects with a `ConnectError` for what is no message. */
  async next(): Promise<IteratorResult<Fields, undefined>> {
    const prefix = await this.#read(prefixBytes);
    if (prefix === undefined) return { done: true, value: undefined };
    const lengthBytes = prefix.readUInt32BE(1);
    if (((prefix[0] ?? 0) & compressedFlag) !== 0) {
      throw new ConnectError("the message is compressed, which was not agreed on", Code.Internal);
    }
    if (lengthBytes > maxMessageBytes) {
      throw new ConnectError(
        `a message of ${lengthBytes} bytes is larger than the ${maxMessageBytes} that are accepted`,
        Code.ResourceExhausted,
      );
    }
    const body = lengthBytes === 0 ? nothing : await this.#read(lengthBytes);
    if (body === undefined) throw incomplete();
    return { done: false, value: this.#decode(body) };
  }

  /** The only message of a call that takes one. */
  async one(): Promise<Fields> {
    const { done, value } = await this.next();
    if (done === true) throw new ConnectError("the request has no message", Code.Unimplemented);
    return value;
  }

  #decode(body: Buffer): Fields {
    try {
      // A copy: fields of bytes are views of it, and would hold on to everything that was received along with them.
      return this.#form.decode(new Uint8Array(body));
    } catch (error) {
      throw new ConnectError(
        `${this.#form.typeName} cannot be decoded: ${String(error)}`,
        Code.InvalidArgument,
        undefined,
        undefined,
        error,
      );
    }
  }

  /** Reads no more: what still comes is thrown away. */
  close(): void {
    this.#stream.off("data", this.#take).off("end", this.end).off("close", this.end).resume();
  }

  /** No more messages than have come whole. */
  readonly end = (): void => {
    this.#hasEnded = true;
    this.#wake?.();
  };

  /** So many bytes, or undefined when the stream has come to its end before the first. */
  async #read(bytes: number): Promise<Buffer | undefined> {
    this.#missingBytes = bytes - this.#received.length;
    if (this.#missingBytes > 0) {
      await this.#receive();
      this.#received = Buffer.concat([this.#received, ...this.#chunks]);
      this.#chunks = [];
    }
    if (this.#received.length < bytes && this.#received.length > 0) throw incomplete();
    if (this.#received.length < bytes) return undefined;
    const wanted = this.#received.subarray(0, bytes);
    // A view of nothing would keep what it is a view of, a piece of memory that many messages share, as long as the call lasts.
    this.#received = this.#received.length === bytes ? nothing : this.#received.subarray(bytes);
    return wanted;
  }

  /** Settles when what is missing has come, or no more will. */
  async #receive(): Promise<void> {
    if (this.#hasEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#stream.resume();
    await promise;
  }

  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#missingBytes -= chunk.length;
    if (this.#missingBytes > 0) return;
    this.#stream.pause();
    this.#wake?.();
  };
}

function incomplete(): ConnectError {
  return new ConnectError("the request ends in the middle of a message", Code.InvalidArgument);
}
