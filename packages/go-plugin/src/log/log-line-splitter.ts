import { parseLogLine } from "./parse-log-line.ts";
import type { LogEntry } from "./parse-log-line.ts";

const newline = 0x0a;
const pieceBytes = 65_536;

/** Turns a plugin's stderr, in whatever chunks it comes, into entries. */
export interface LogLineSplitter {
  push(chunk: Uint8Array): LogEntry[];
  /** The entry of a last line without newline. */
  end(): LogEntry[];
}

/**
 * Splits by line. A line longer than 64 KiB comes in pieces, each plain text at debug, as go-plugin hosts show
 * it. From a line on that starts a crash (`panic: `, `fatal error: `), plain text counts as error.
 */
export function createLogLineSplitter(): LogLineSplitter {
  let pending: Buffer = Buffer.alloc(0);
  let torn = false;
  let crashed = false;

  const entryOf = (line: string): LogEntry => {
    if (line.startsWith("panic: ") || line.startsWith("fatal error: ")) crashed = true;
    const entry = parseLogLine(line);
    return crashed && entry.message === line && !line.startsWith("[") ? { ...entry, level: "error" } : entry;
  };
  const rawPiece = (bytes: Buffer): LogEntry => ({ level: "debug", message: bytes.toString("utf8"), fields: {} });
  const takeLine = (bytes: Buffer): LogEntry[] => {
    const wasTorn = torn;
    torn = false;
    if (wasTorn) return bytes.length === 0 ? [] : [rawPiece(bytes)];
    const line = bytes.toString("utf8").replace(/\r$/, "");
    return line === "" ? [] : [entryOf(line)];
  };
  const takePieces = (): LogEntry[] => {
    const entries: LogEntry[] = [];
    while (pending.length >= pieceBytes) {
      entries.push(rawPiece(pending.subarray(0, pieceBytes)));
      pending = pending.subarray(pieceBytes);
      torn = true;
    }
    return entries;
  };

  return {
    push(chunk) {
      const entries: LogEntry[] = [];
      let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = rest.indexOf(newline); at >= 0; at = rest.indexOf(newline)) {
        pending = Buffer.concat([pending, rest.subarray(0, at)]);
        rest = rest.subarray(at + 1);
        entries.push(...takePieces(), ...takeLine(pending));
        pending = Buffer.alloc(0);
      }
      pending = Buffer.concat([pending, rest]);
      entries.push(...takePieces());
      return entries;
    },
    end() {
      const last = pending;
      pending = Buffer.alloc(0);
      return last.length === 0 ? [] : takeLine(last);
    },
  };
}
