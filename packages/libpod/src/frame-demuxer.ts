/** A piece of one of the two output streams of a container or an exec. */
export interface OutputPiece {
  readonly stream: "stdout" | "stderr";
  /** A view of the pushed chunk. */
  readonly data: Uint8Array;
  /** True for the last piece of its frame. Frames mean something in a container's log only: one is a line, or a part of one. */
  readonly endsFrame: boolean;
}

/** The bytes are no frames. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

const headerLength = 8;
/** Frames of this kind carry the text of an error of the service (podman: pkg/bindings/containers/attach.go). */
const errorKind = 3;
const maxErrorTextBytes = 64 * 1024;

/**
 * Takes the frames of an exec connection or of a container's log apart: one byte of kind, three zero bytes, the payload's length as
 * big-endian 32 bits, the payload. Payloads are passed on as they come, so a frame's length costs no memory.
 */
export class FrameDemuxer {
  readonly #header = Buffer.alloc(headerLength);
  #headerFilled = 0;
  #kind = 0;
  #payloadLeft = 0;
  readonly #errorText: Uint8Array[] = [];
  #errorLength = 0;

  /** True between two frames: the only place where a stream may end. */
  get isAtBoundary(): boolean {
    return this.#headerFilled === 0 && this.#payloadLeft === 0;
  }

  /** Throws a FrameError when the bytes are no frames, or when a frame carries an error of the service. */
  push(chunk: Uint8Array): OutputPiece[] {
    const pieces: OutputPiece[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft === 0) {
        at += this.#fillHeader(chunk.subarray(at));
        continue;
      }
      const data = chunk.subarray(at, at + this.#payloadLeft);
      at += data.length;
      this.#payloadLeft -= data.length;
      if (this.#kind === errorKind) this.#collectError(data);
      else pieces.push({ stream: this.#kind === 2 ? "stderr" : "stdout", data, endsFrame: this.#payloadLeft === 0 });
    }
    return pieces;
  }

  #fillHeader(rest: Uint8Array): number {
    const taken = rest.subarray(0, headerLength - this.#headerFilled);
    this.#header.set(taken, this.#headerFilled);
    this.#headerFilled += taken.length;
    if (this.#headerFilled === headerLength) this.#openFrame();
    return taken.length;
  }

  #openFrame(): void {
    const kind = this.#header.readUInt8(0);
    if (kind > errorKind || this.#header.readUIntBE(1, 3) !== 0) {
      throw new FrameError(`bytes ${this.#header.toString("hex")} are no frame header`);
    }
    this.#kind = kind;
    this.#payloadLeft = this.#header.readUInt32BE(4);
    this.#headerFilled = 0;
  }

  #collectError(data: Uint8Array): void {
    this.#errorLength += data.length;
    if (this.#errorLength <= maxErrorTextBytes) this.#errorText.push(Buffer.from(data));
    if (this.#payloadLeft === 0) throw new FrameError(Buffer.concat(this.#errorText).toString("utf8").trim());
  }
}
