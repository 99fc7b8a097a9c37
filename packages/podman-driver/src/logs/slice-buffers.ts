/** Memory for moving one slice of a log. */
export interface Slice {
  readonly input: Uint8Array;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

const sliceBytes = 64 * 1024;
/** Slices kept for the next one who needs them; more are made when more logs move at once. */
const keptSlices = 4;

/** Buffers shared by all log pumps: an idle task holds none. */
export class SliceBuffers {
  readonly #free: Slice[] = [];

  /** Lends a slice for the time of `work`. After a failure it is not lent again: a write broken off may still read from it. */
  async lease<T>(work: (slice: Slice) => Promise<T>): Promise<T> {
    const slice = this.#free.pop() ?? makeSlice();
    const result = await work(slice);
    if (this.#free.length < keptSlices) this.#free.push(slice);
    return result;
  }
}

function makeSlice(): Slice {
  // A line that began in an earlier slice comes out whole, so a stream's part may be larger than what was read.
  return {
    input: Buffer.allocUnsafeSlow(sliceBytes),
    stdout: Buffer.allocUnsafeSlow(sliceBytes + 16 * 1024),
    stderr: Buffer.allocUnsafeSlow(sliceBytes + 16 * 1024),
  };
}
