import { ByteRun } from "@driver/libpod";

/** Memory for moving one slice of a log. */
export interface Slice {
  /** What is read from conmon's file. */
  readonly input: Buffer;
  /** What the task wrote. */
  readonly stdout: ByteRun;
  readonly stderr: ByteRun;
}

const sliceBytes = 64 * 1024;
/** Slices kept for the next one who needs them; more are made when more logs move at once. */
const keptSlices = 4;

/** Buffers shared by all log pumps: an idle task holds none. */
export class SliceBuffers {
  readonly #free: Slice[] = [];

  take(): Slice {
    return this.#free.pop() ?? makeSlice();
  }

  /** Never a slice of a failed write: it may still be read from. */
  giveBack(slice: Slice): void {
    slice.stdout.clear();
    slice.stderr.clear();
    if (this.#free.length < keptSlices) this.#free.push(slice);
  }
}

function makeSlice(): Slice {
  return { input: Buffer.allocUnsafeSlow(sliceBytes), stdout: new ByteRun(sliceBytes), stderr: new ByteRun(sliceBytes) };
}
