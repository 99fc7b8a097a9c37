/** Keeps the last bytes of a stream, however long it is. */
export class TailBuffer {
  readonly #limitBytes: number;
  #tail: Buffer = Buffer.alloc(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  append(chunk: Uint8Array): void {
    const recent = chunk.subarray(Math.max(0, chunk.length - this.#limitBytes));
    const kept = this.#tail.subarray(Math.max(0, this.#tail.length + recent.length - this.#limitBytes));
    this.#tail = Buffer.concat([kept, recent]);
  }

  bytes(): Uint8Array {
    return this.#tail;
  }
}
