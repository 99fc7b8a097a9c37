const newline = 0x0a;

/** A line longer than this is shown in pieces: a task without newlines must not fill the memory. */
const maxLineBytes = 1024 * 1024;

const nothing = new Uint8Array();

/** Puts a prefix before each line of a stream of bytes, and gives whole lines only; their bytes stay as they are. */
export class LinePrefixer {
  readonly #prefix: Uint8Array;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
  }

  /** The lines that `data` completes, each with prefix and newline; empty when there is none. */
  push(data: Uint8Array): Uint8Array {
    const end = data.lastIndexOf(newline) + 1;
    const whole = end === 0 ? nothing : this.#format(this.#take(data.subarray(0, end)));
    if (end < data.length) {
      this.#pending.push(data.subarray(end));
      this.#pendingBytes += data.length - end;
    }
    return this.#pendingBytes > maxLineBytes ? Buffer.concat([whole, this.end()]) : whole;
  }

  /** What is left: a last line without newline, which gets one. */
  end(): Uint8Array {
    return this.#pendingBytes === 0 ? nothing : this.#format(this.#take(Uint8Array.of(newline)));
  }

  #take(last: Uint8Array): Uint8Array {
    const text = this.#pending.length === 0 ? last : Buffer.concat([...this.#pending, last]);
    this.#pending = [];
    this.#pendingBytes = 0;
    return text;
  }

  /** `text` ends with a newline. One allocation for all: a task may write very many short lines. */
  #format(text: Uint8Array): Uint8Array {
    let lineCount = 0;
    for (let at = text.indexOf(newline); at >= 0; at = text.indexOf(newline, at + 1)) lineCount += 1;
    const formatted = new Uint8Array(text.length + lineCount * this.#prefix.length);
    let to = 0;
    for (let from = 0; from < text.length; ) {
      const end = text.indexOf(newline, from) + 1;
      formatted.set(this.#prefix, to);
      formatted.set(text.subarray(from, end), to + this.#prefix.length);
      to += this.#prefix.length + end - from;
      from = end;
    }
    return formatted;
  }
}
