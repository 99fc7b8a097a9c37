/** Bytes that are put together piece by piece, in memory that is used again. */
export class ByteRun {
  #memory = Buffer.alloc(0);
  #length = 0;
  readonly #keptBytes: number;

  /** `keptBytes`: how much memory the run keeps when it is cleared; it has none before its first byte. Default 0. */
  constructor(keptBytes = 0) {
    this.#keptBytes = keptBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** A view, valid until the run is cleared or added to. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Copies `source[start, end)`; makes no object, since a log has a million lines a second. */
  append(source: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#memory.length) this.#grow(length);
    source.copy(this.#memory, this.#length, start, end);
    this.#length = length;
  }

  clear(): void {
    this.#length = 0;
    if (this.#memory.length > this.#keptBytes) this.#memory = Buffer.alloc(0);
  }

  #grow(neededBytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(neededBytes, 2 * this.#memory.length, this.#keptBytes));
    this.#memory.copy(grown, 0, 0, this.#length);
    this.#memory = grown;
  }
}
