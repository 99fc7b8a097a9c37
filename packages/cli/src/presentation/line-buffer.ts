const newline = 0x0a;

/** A line longer than this is shown in pieces: a task without newlines must not fill the memory. */
const maxLineBytes = 1024 * 1024;

/** Cuts a stream of bytes into lines; the bytes of a line stay as they are. */
export class LineBuffer {
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** The lines that `data` completes, without their newline. */
  push(data: Uint8Array): readonly Uint8Array[] {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, from)) {
      lines.push(this.#take(data.subarray(from, end)));
      from = end + 1;
    }
    if (from < data.length) this.#keep(data.subarray(from));
    if (this.#size > maxLineBytes) lines.push(this.#take(new Uint8Array()));
    return lines;
  }

  /** What is left at the end: a last line without a newline. */
  end(): readonly Uint8Array[] {
    return this.#size === 0 ? [] : [this.#take(new Uint8Array())];
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
  }

  #take(last: Uint8Array): Uint8Array {
    const line = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#size = 0;
    return line;
  }
}
