import { FrameDemuxer, FrameError } from "./frame-demuxer.ts";

/** A line of a container's log as Podman gives it, or a part of a long one. */
export interface LoggedLine {
  readonly stream: "stdout" | "stderr";
  /**
   * When it was written, in seconds since 1970, without the fraction: Podman tells it from 5.8 on only. Undefined where Podman
   * says nothing.
   */
  readonly atSeconds: number | undefined;
  /** What the container wrote, with its newline; without one it is a part of a line, or the end of a log. */
  readonly bytes: Uint8Array;
}

/** Far above any frame: journald's have at most 8 KiB, those of conmon's files 32 KiB. */
const maxFrameBytes = 16 * 1_048_576;
/** The time that Podman puts before each frame on request (RFC 3339), and one space. */
const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d) /;
const longestTime = 40;

/** Decodes the answer of `GET /containers/{id}/logs?timestamps=true`. */
export class LogLineDecoder {
  readonly #demuxer = new FrameDemuxer();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lastTime = "";
  #lastSeconds = 0;

  /** True between two lines: what comes before the end of an answer is whole. */
  get isAtBoundary(): boolean {
    return this.#demuxer.isAtBoundary;
  }

  /** The lines that end in this chunk; views of it where they can be. @throws FrameError as the demuxer does */
  push(chunk: Uint8Array): LoggedLine[] {
    const lines: LoggedLine[] = [];
    for (const { stream, data, endsFrame } of this.#demuxer.push(chunk)) {
      this.#pendingBytes += data.length;
      if (this.#pendingBytes > maxFrameBytes) throw new FrameError(`a line of the log is longer than ${maxFrameBytes} bytes`);
      this.#pending.push(data);
      if (endsFrame) lines.push(this.#toLine(stream, this.#takePending()));
    }
    return lines;
  }

  #takePending(): Uint8Array {
    const [first, ...others] = this.#pending;
    const frame = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return frame;
  }

  #toLine(stream: LoggedLine["stream"], frame: Uint8Array): LoggedLine {
    const head = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.length, longestTime)).toString("latin1");
    const [prefix = "", moment = "", zone = ""] = timePattern.exec(head) ?? [];
    if (prefix === "") return { stream, atSeconds: undefined, bytes: frame };
    return { stream, atSeconds: this.#toSeconds(moment + zone), bytes: frame.subarray(prefix.length) };
  }

  /** A torrent has thousands of lines with one and the same second. */
  #toSeconds(time: string): number {
    if (time !== this.#lastTime) {
      this.#lastTime = time;
      this.#lastSeconds = Date.parse(time) / 1000;
    }
    return this.#lastSeconds;
  }
}
