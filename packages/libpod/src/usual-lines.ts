import { wasm } from "./gen/usual-lines-wasm.ts";
import type { TaskOutput } from "./task-output.ts";

/** Most bytes of one `load`. */
const inputBytes = 65_536;
/** Where usual-lines.wat has its memory's parts. */
const inputAt = 64;
const stdoutAt = 65_728;
const stderrAt = 131_392;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  run(at: number, end: number): number;
}

/**
 * Decodes runs of lines of the form that conmon writes as a rule: with nanoseconds and an offset in its timestamp. A call into Node for
 * each line's end and another for its copy take five times as long, and with short lines ten times (docs/decisions/0024). One for all
 * logs: what it is given is gone with the next `load`.
 */
export class UsualLines {
  readonly #run: Exports["run"];
  readonly #memory: Buffer;
  /** Bytes that a run has put out to stdout, and those to stderr. */
  readonly #lengths: Uint32Array;
  #endBytes = 0;

  /** @throws Error where this processor has none of the instructions it needs, or no memory is to be had. */
  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasm, "base64")));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what usual-lines.wat exports
    const { memory, run } = exports as unknown as Exports;
    this.#run = run;
    this.#memory = Buffer.from(memory.buffer);
    this.#lengths = new Uint32Array(memory.buffer, 0, 2);
  }

  /** Takes a copy of the beginning of `chunk`. */
  load(chunk: Buffer): void {
    this.#endBytes = chunk.copy(this.#memory, inputAt, 0, inputBytes);
  }

  /**
   * Adds what the lines from `start` on say to `output`. Returns where the first of them begins that is not whole, has another head, or
   * is not in what was loaded.
   */
  decode(start: number, output: TaskOutput): number {
    if (start >= this.#endBytes) return start;
    const end = this.#run(start, this.#endBytes);
    const [stdoutBytes = 0, stderrBytes = 0] = this.#lengths;
    if (stdoutBytes > 0) output.stdout.append(this.#memory, stdoutAt, stdoutAt + stdoutBytes);
    if (stderrBytes > 0) output.stderr.append(this.#memory, stderrAt, stderrAt + stderrBytes);
    return end;
  }
}
