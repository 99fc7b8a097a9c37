import { crc32 } from "node:zlib";
import type { LoggedLine } from "@driver/libpod";

/** How far a journal's lines are delivered. Podman tells only in which second a line was written, so they are counted. */
export interface JournalMark {
  /** Seconds since 1970: when the last delivered line was written. */
  readonly atSeconds: number;
  /** Lines of that second that are delivered. */
  readonly count: number;
  /** CRC-32 over these lines. */
  readonly checksum: number;
}

/** The mark after one more line. */
export function advanceMark(mark: JournalMark | undefined, line: LoggedLine): JournalMark | undefined {
  const atSeconds = line.atSeconds ?? mark?.atSeconds;
  if (atSeconds === undefined) return undefined;
  const sameSecond = atSeconds === mark?.atSeconds ? mark : undefined;
  const checksum = crc32(line.bytes, crc32(line.stream, sameSecond?.checksum ?? 0));
  return { atSeconds, count: (sameSecond?.count ?? 0) + 1, checksum };
}

/** More than this is not held back: a repetition is better than a plugin without memory. */
const maxHeldBytes = 8 * 1_048_576;

/**
 * Takes out of a log that is read again from a mark's second on what was delivered before. It holds the lines of that second
 * back until there are as many as were delivered. If they are not the same ones, nothing is taken out: a repetition is
 * better than a loss.
 */
export class RepeatFilter {
  readonly #from: JournalMark | undefined;
  #base: JournalMark | undefined;
  #seen: JournalMark | undefined;
  #held: LoggedLine[] = [];
  #heldBytes = 0;
  #isDone: boolean;
  /** True once the held lines, with the one just pushed, proved to be the delivered ones. */
  #isRepeated = false;
  #skipsBeforeSeconds: number | undefined;

  /** `skipsBeforeSeconds`: the log may begin with older lines, which are taken out too. */
  constructor(from: JournalMark | undefined, skipsBeforeSeconds?: number) {
    this.#from = from;
    this.#skipsBeforeSeconds = skipsBeforeSeconds;
    this.#base = from;
    this.#isDone = from === undefined;
  }

  /** The mark after the delivery of `lines`, which `push` or `rest` has just given. */
  markAfter(lines: readonly LoggedLine[]): JournalMark | undefined {
    this.#base = lines.reduce(advanceMark, this.#base);
    return this.#base;
  }

  /** The lines that are to be delivered now. */
  push(given: readonly LoggedLine[]): readonly LoggedLine[] {
    const lines = this.#skipOlder(given);
    if (this.#isDone) return lines;
    for (const [index, line] of lines.entries()) {
      if (this.#takesOut(line)) continue;
      return this.#isRepeated ? this.#pass(lines.slice(index + 1)) : [...this.rest(), ...lines.slice(index)];
    }
    return [];
  }

  /** What is held back at the end of the log: fewer lines than were delivered, so they are others. */
  rest(): readonly LoggedLine[] {
    if (this.#isDone) return [];
    // The journal's second begins with these, and a later reading will count from here.
    this.#base = undefined;
    return this.#pass(this.#held);
  }

  /** Only up to the first line that is not older: a clock may be set back later. */
  #skipOlder(lines: readonly LoggedLine[]): readonly LoggedLine[] {
    const limit = this.#skipsBeforeSeconds;
    if (limit === undefined) return lines;
    const first = lines.findIndex(({ atSeconds }) => atSeconds !== undefined && atSeconds >= limit);
    if (first === -1) return [];
    this.#skipsBeforeSeconds = undefined;
    return lines.slice(first);
  }

  #pass(lines: readonly LoggedLine[]): readonly LoggedLine[] {
    this.#held = [];
    this.#isDone = true;
    return lines;
  }

  /** False when the search is over. */
  #takesOut(line: LoggedLine): boolean {
    const from = this.#from;
    if (from === undefined || (line.atSeconds ?? from.atSeconds) !== from.atSeconds || this.#heldBytes > maxHeldBytes) return false;
    this.#seen = advanceMark(this.#seen, { ...line, atSeconds: from.atSeconds });
    if (this.#seen?.count !== from.count) {
      this.#held.push(line);
      this.#heldBytes += line.bytes.length;
      return true;
    }
    this.#isRepeated = this.#seen.checksum === from.checksum;
    return false;
  }
}
