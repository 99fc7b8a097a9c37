/** What is known of one stream of a task. */
export interface WrittenLog {
  /** All that the task printed, or may have printed. */
  readonly expected: Buffer;
  /** So much of it was certainly printed. */
  readonly certainBytes: number;
  /** True: the log may end anywhere from `certainBytes` on. */
  readonly mayEndEarly: boolean;
}

export interface SequenceRules {
  /** How often a plugin was killed meanwhile: each may have repeated a tail. */
  readonly kills: number;
  /** Longest tail that one kill may repeat. */
  readonly repeatBytes: number;
}

export interface SequenceFinding {
  /** Undefined: the log is exact within the rules. */
  readonly problem: string | undefined;
  readonly repeatedBytes: number;
}

/** Enough of a numbered line to tell it from all others. */
const probeBytes = 96;
const newline = 10;

/**
 * Compares a log with what was printed: every byte, in order, and nothing else; after a kill of the plugin it may go back a
 * bounded way and say that part again.
 */
export function checkSequence(actual: Buffer, written: WrittenLog, rules: SequenceRules): SequenceFinding {
  const { expected, certainBytes, mayEndEarly } = written;
  let [at, reached, repeatedBytes, jumps] = [0, 0, 0, 0];
  for (let position = 0; position < actual.length; ) {
    const same = commonLength(actual.subarray(position), expected.subarray(at));
    position += same;
    at += same;
    reached = Math.max(reached, at);
    if (position === actual.length) break;
    const from = { at, repeatBytes: rules.repeatBytes };
    const probe = actual.subarray(position, position + probeBytes);
    const back = findRepeat(probe, expected, from) ?? findShortRepeat(actual, position, expected, from);
    if (back === undefined) {
      return { problem: `after ${at} bytes comes ${quote(actual, position)} instead of ${quote(expected, at)}`, repeatedBytes };
    }
    jumps += 1;
    repeatedBytes += at - back;
    if (jumps > rules.kills) {
      return { problem: `${at - back} bytes are repeated after ${at} bytes, without a kill of the plugin`, repeatedBytes };
    }
    at = back;
  }
  if (reached < certainBytes) return { problem: `it ends after ${reached} bytes of ${certainBytes}`, repeatedBytes };
  if (!mayEndEarly && reached < expected.length) return { problem: `it ends after ${reached} bytes of ${expected.length}`, repeatedBytes };
  return { problem: undefined, repeatedBytes };
}

function commonLength(left: Buffer, right: Buffer): number {
  const limit = Math.min(left.length, right.length);
  if (left.subarray(0, limit).equals(right.subarray(0, limit))) return limit;
  let length = 0;
  while (left[length] === right[length]) length += 1;
  return length;
}

interface RepeatFrom {
  /** Where the log had come to. */
  readonly at: number;
  readonly repeatBytes: number;
}

function findRepeat(probe: Buffer, expected: Buffer, { at, repeatBytes }: RepeatFrom): number | undefined {
  const earliest = Math.max(0, at - repeatBytes);
  const found = expected.subarray(earliest, at + probe.length).lastIndexOf(probe);
  return found === -1 ? undefined : earliest + found;
}

/**
 * A repeat that the next one cuts off before a probe is full: from the beginning of a line on, through the end of that line or to
 * where the log had come. It begins as a rule like the line that was due, so that it is told from that one only in its middle.
 */
function findShortRepeat(actual: Buffer, position: number, expected: Buffer, { at, repeatBytes }: RepeatFrom): number | undefined {
  const sameOfLine = at - toLineStart(expected, at);
  const earliest = at <= repeatBytes ? 0 : toNextLine(expected, at - repeatBytes - 1);
  let best = { back: -1, length: 0 };
  for (const same of [0, sameOfLine]) {
    const rest = actual.subarray(position - same);
    for (let back = earliest; back < at; back = toNextLine(expected, back)) {
      const length = commonLength(rest, expected.subarray(back));
      const isTold = back + length >= at - same || back + length >= toNextLine(expected, back);
      if (back + same < at && length > same && isTold && length > best.length) best = { back: back + same, length };
    }
  }
  return best.back === -1 ? undefined : best.back;
}

function toLineStart(text: Buffer, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf(newline, at - 1) + 1;
}

function toNextLine(text: Buffer, at: number): number {
  const end = text.indexOf(newline, at);
  return end === -1 ? text.length : end + 1;
}

function quote(bytes: Buffer, at: number): string {
  return JSON.stringify(bytes.subarray(at, at + 60).toString("latin1"));
}
