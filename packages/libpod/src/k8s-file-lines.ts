/** A piece of a task's output. */
export interface K8sFileEntry {
  readonly stream: "stdout" | "stderr";
  /**
   * Exactly what the task wrote, its newline included when `newline` is true. A view of the pushed chunk where
   * possible: valid until the caller reuses that memory.
   */
  readonly bytes: Uint8Array;
  /** False for a piece of a line: the next entry of the same stream goes on with it. */
  readonly newline: boolean;
}

/** No line of conmon is longer than some KiB; a longer one is not taken for one. */
export const maxK8sFileLineBytes = 1024 * 1024;

const initialCarryBytes = 16 * 1024;
const newline = 10;
const space = 32;
/** Length of conmon's timestamp, `2026-11-23T00:17:17.367408017+00:00`. */
const usualTimestampLength = 35;
const maxTimestampLength = 64;
/** Length of ` stdout F ` after the timestamp. */
const tagLength = 10;

/**
 * Incremental decoder of conmon's k8s-file log: `<timestamp> <stdout|stderr> <F|P> <bytes>\n`, where F says that the
 * task wrote the newline and P that it did not (conmon: ctr_logging.c). A line with another head, or over 1 MiB, is
 * handed on whole as stdout and counted: output is never dropped.
 */
export class K8sFileLines {
  #carry = Buffer.alloc(0);
  #carryLength = 0;
  #passingOn = false;
  #pushedBytes = 0;
  #malformedLines = 0;

  /** Bytes of the file that are dealt with: always the end of a line, except within one over 1 MiB. Resume here. */
  get consumedBytes(): number {
    return this.#pushedBytes - this.#carryLength;
  }

  /** Lines handed on raw. */
  get malformedLines(): number {
    return this.#malformedLines;
  }

  /** The entries that `chunk` completes, in order. Keeps a copy of an unfinished line, at most 1 MiB. */
  push(chunk: Uint8Array): K8sFileEntry[] {
    const entries: K8sFileEntry[] = [];
    this.#pushedBytes += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      entries.push(this.#completeLine(chunk, start, end + 1));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start), entries);
    return entries;
  }

  /** The entry of a last line without a newline, if there is one: conmon was killed while it wrote. */
  finish(): K8sFileEntry[] {
    if (this.#carryLength === 0) return [];
    const line = this.#carry.subarray(0, this.#carryLength);
    this.#carryLength = 0;
    this.#carry = Buffer.alloc(0);
    return [this.#decodeLine(line, 0, line.length)];
  }

  #completeLine(chunk: Uint8Array, start: number, end: number): K8sFileEntry {
    if (this.#passingOn) {
      this.#passingOn = false;
      return { stream: "stdout", bytes: chunk.subarray(start, end), newline: true };
    }
    if (this.#carryLength === 0) return this.#decodeLine(chunk, start, end);
    this.#append(chunk.subarray(start, end));
    const line = this.#carry.subarray(0, this.#carryLength);
    // The entry is a view of it.
    this.#carry = Buffer.alloc(0);
    this.#carryLength = 0;
    return this.#decodeLine(line, 0, line.length);
  }

  #keep(rest: Uint8Array, entries: K8sFileEntry[]): void {
    if (!this.#passingOn && this.#carryLength + rest.length <= maxK8sFileLineBytes) {
      this.#append(rest);
      return;
    }
    if (!this.#passingOn) this.#malformedLines += 1;
    this.#passingOn = true;
    if (this.#carryLength > 0) entries.push({ stream: "stdout", bytes: this.#carry.subarray(0, this.#carryLength), newline: false });
    this.#carry = Buffer.alloc(0);
    this.#carryLength = 0;
    entries.push({ stream: "stdout", bytes: rest, newline: false });
  }

  #append(piece: Uint8Array): void {
    const length = this.#carryLength + piece.length;
    if (length > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(initialCarryBytes, 2 * this.#carry.length, length));
      this.#carry.copy(grown, 0, 0, this.#carryLength);
      this.#carry = grown;
    }
    this.#carry.set(piece, this.#carryLength);
    this.#carryLength = length;
  }

  /** Decodes `buffer[start, end)`, which ends with the newline or with the file. */
  #decodeLine(buffer: Uint8Array, start: number, end: number): K8sFileEntry {
    const terminated = buffer[end - 1] === newline;
    const tag = findTag(buffer, start, end);
    const payload = tag + tagLength;
    if (tag === -1 || end - start > maxK8sFileLineBytes + 1 || payload > (terminated ? end - 1 : end)) {
      this.#malformedLines += 1;
      return { stream: "stdout", bytes: buffer.subarray(start, end), newline: terminated };
    }
    const full = buffer[tag + 8] === 0x46;
    return {
      stream: buffer[tag + 4] === 0x6f ? "stdout" : "stderr",
      bytes: buffer.subarray(payload, terminated && !full ? end - 1 : end),
      newline: terminated && full,
    };
  }
}

/** Where ` stdout F ` or its like begins in the line, or -1. */
function findTag(buffer: Uint8Array, start: number, end: number): number {
  if (hasUsualTimestamp(buffer, start) && isTag(buffer, start + usualTimestampLength)) return start + usualTimestampLength;
  const limit = Math.min(end, start + maxTimestampLength);
  for (let index = start; index < limit; index += 1) {
    if (buffer[index] === space) return isTag(buffer, index) && isTimestamp(buffer, start) ? index : -1;
  }
  return -1;
}

/** Nanoseconds and an offset in figures, as conmon always writes; the search for the space is for others. */
function hasUsualTimestamp(buffer: Uint8Array, start: number): boolean {
  const sign = buffer[start + 29];
  return buffer[start + 19] === 0x2e && (sign === 0x2b || sign === 0x2d) && buffer[start + 32] === 0x3a && isTimestamp(buffer, start);
}

/** Date and time are told from other text by their separators: `2026-11-23T00:17:17`. */
function isTimestamp(buffer: Uint8Array, start: number): boolean {
  return buffer[start + 4] === 0x2d && buffer[start + 7] === 0x2d && buffer[start + 10] === 0x54 && buffer[start + 13] === 0x3a;
}

/** ` stdout F `, ` stdout P `, ` stderr F ` or ` stderr P ` at `at`. */
function isTag(buffer: Uint8Array, at: number): boolean {
  if (buffer[at] !== space || buffer[at + 1] !== 0x73 || buffer[at + 2] !== 0x74 || buffer[at + 3] !== 0x64) return false;
  const isOut = buffer[at + 4] === 0x6f && buffer[at + 5] === 0x75 && buffer[at + 6] === 0x74;
  const isErr = buffer[at + 4] === 0x65 && buffer[at + 5] === 0x72 && buffer[at + 6] === 0x72;
  if (!isOut && !isErr) return false;
  return buffer[at + 7] === space && (buffer[at + 8] === 0x46 || buffer[at + 8] === 0x50) && buffer[at + 9] === space;
}
