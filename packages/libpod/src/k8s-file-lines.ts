import { ByteRun } from "./byte-run.ts";
import type { TaskOutput } from "./task-output.ts";
import { UsualLines } from "./usual-lines.ts";

/** No line of conmon is longer than some KiB; a longer one is not taken for one. */
export const maxK8sFileLineBytes = 1024 * 1024;

/** Chunks shorter than this are not worth what `UsualLines` takes, nor the memory where nothing else is logged. */
const leastForUsualLines = 4096;

const newline = 10;
const space = 32;
/** Length of conmon's timestamp, `2026-11-23T00:17:17.367408017+00:00`. */
const usualTimestampLength = 35;
const maxTimestampLength = 64;
/** Length of ` stdout F ` after the timestamp. */
const tagLength = 10;

/**
 * Incremental decoder of conmon's k8s-file log: `<timestamp> <stdout|stderr> <F|P> <bytes>\n`, where F says that the
 * task wrote the newline and P that it did not (conmon: ctr_logging.c). A last F without the space and bytes is conmon's own end of
 * output without a newline (conmon 2.2.0) and comes to nothing. A line with another head, or over 1 MiB, is
 * handed on whole as stdout and counted: output is never dropped.
 */
export class K8sFileLines {
  /** The beginning of a line whose end is still to come. */
  readonly #carry = new ByteRun();
  #passingOn = false;
  #pushedBytes = 0;

  /** Bytes of the file that are dealt with: always the end of a line, except within one over 1 MiB. Resume here. */
  get consumedBytes(): number {
    return this.#pushedBytes - this.#carry.length;
  }

  /** Adds what `chunk` completes to `output`: exactly what the task wrote. Keeps a copy of an unfinished line, at most 1 MiB. */
  push(chunk: Buffer, output: TaskOutput): void {
    this.#pushedBytes += chunk.length;
    const usual = chunk.length < leastForUsualLines ? undefined : findUsualLines();
    usual?.load(chunk);
    let start = 0;
    for (;;) {
      const isBeginning = !this.#passingOn && this.#carry.length === 0;
      if (isBeginning && usual !== undefined) start = usual.decode(start, output);
      const end = chunk.indexOf(newline, start) + 1;
      if (end === 0) break;
      if (isBeginning) this.#decodeLine(chunk, start, end, output);
      else this.#completeLine(chunk, start, end, output);
      start = end;
    }
    if (start < chunk.length) this.#keep(chunk, start, output);
  }

  /** Adds a last line without a newline, if there is one: conmon was killed while it wrote. */
  finish(output: TaskOutput): void {
    if (this.#carry.length > 0) this.#decodeLine(this.#carry.bytes, 0, this.#carry.length, output);
    this.#carry.clear();
  }

  #completeLine(chunk: Buffer, start: number, end: number, output: TaskOutput): void {
    if (this.#passingOn) {
      this.#passingOn = false;
      output.stdout.append(chunk, start, end);
      return;
    }
    this.#carry.append(chunk, start, end);
    this.#decodeLine(this.#carry.bytes, 0, this.#carry.length, output);
    this.#carry.clear();
  }

  #keep(chunk: Buffer, start: number, output: TaskOutput): void {
    if (!this.#passingOn && this.#carry.length + chunk.length - start <= maxK8sFileLineBytes) {
      this.#carry.append(chunk, start, chunk.length);
      return;
    }
    this.#passingOn = true;
    output.stdout.append(this.#carry.bytes, 0, this.#carry.length);
    this.#carry.clear();
    output.stdout.append(chunk, start, chunk.length);
  }

  /** Decodes `buffer[start, end)`, which ends with the newline or with the file. */
  #decodeLine(buffer: Buffer, start: number, end: number, output: TaskOutput): void {
    const terminated = buffer[end - 1] === newline;
    const tag = findTag(buffer, start, end);
    const payload = tag + tagLength;
    const isFull = buffer[tag + 8] === 0x46;
    if (tag !== -1 && isFull && terminated && payload === end) return;
    if (tag === -1 || end - start > maxK8sFileLineBytes + 1 || payload > (terminated ? end - 1 : end)) {
      output.stdout.append(buffer, start, end);
      return;
    }
    const stream = buffer[tag + 4] === 0x6f ? output.stdout : output.stderr;
    stream.append(buffer, payload, terminated && !isFull ? end - 1 : end);
  }
}

let usualLines: UsualLines | "not to be had" | undefined;

/** Made with the first need of it. Undefined where it is not to be had: all lines are decoded one by one then. */
function findUsualLines(): UsualLines | undefined {
  try {
    usualLines ??= new UsualLines();
  } catch {
    usualLines = "not to be had";
  }
  return usualLines === "not to be had" ? undefined : usualLines;
}

/** Where ` stdout F ` or its like begins in the line, or -1. */
function findTag(buffer: Buffer, start: number, end: number): number {
  if (hasUsualTimestamp(buffer, start) && isTag(buffer, start + usualTimestampLength)) return start + usualTimestampLength;
  const limit = Math.min(end, start + maxTimestampLength);
  for (let index = start; index < limit; index += 1) {
    if (buffer[index] === space) return isTag(buffer, index) && isTimestamp(buffer, start) ? index : -1;
  }
  return -1;
}

/** Nanoseconds and an offset in figures, as conmon always writes; the search for the space is for others. */
function hasUsualTimestamp(buffer: Buffer, start: number): boolean {
  const sign = buffer[start + 29];
  return buffer[start + 19] === 0x2e && (sign === 0x2b || sign === 0x2d) && buffer[start + 32] === 0x3a && isTimestamp(buffer, start);
}

/** Date and time are told from other text by their separators: `2026-11-23T00:17:17`. */
function isTimestamp(buffer: Buffer, start: number): boolean {
  return buffer[start + 4] === 0x2d && buffer[start + 7] === 0x2d && buffer[start + 10] === 0x54 && buffer[start + 13] === 0x3a;
}

/** ` stdout F `, ` stdout P `, ` stderr F ` or ` stderr P ` at `at`; the end of the line may stand for the last space. */
function isTag(buffer: Buffer, at: number): boolean {
  if (buffer[at] !== space || buffer[at + 1] !== 0x73 || buffer[at + 2] !== 0x74 || buffer[at + 3] !== 0x64) return false;
  const isOut = buffer[at + 4] === 0x6f && buffer[at + 5] === 0x75 && buffer[at + 6] === 0x74;
  const isErr = buffer[at + 4] === 0x65 && buffer[at + 5] === 0x72 && buffer[at + 6] === 0x72;
  if (!isOut && !isErr) return false;
  return buffer[at + 7] === space && (buffer[at + 8] === 0x46 || buffer[at + 8] === 0x50) && isSpaceOrEnd(buffer[at + 9]);
}

function isSpaceOrEnd(byte: number | undefined): boolean {
  return byte === space || byte === newline;
}
