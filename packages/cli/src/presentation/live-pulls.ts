import { readPullStatus } from "@driver/podman-driver";
import type { PullStatus } from "@driver/podman-driver";
import type { RunListener } from "@driver/nomad-host";

import { formatDuration } from "./format-duration.ts";
import type { Output } from "./output.ts";
import { toPrintable } from "./to-printable.ts";

/** What is drawn on: the terminal that stderr is. */
export interface Terminal {
  readonly columns: number;
  write(text: string): void;
}

const barCells = 20;
const mostLines = 5;

/**
 * Keeps a line at the bottom of a terminal for each image that is pulled: a bar where Podman tells all bytes, else what is known in
 * words. Without a terminal it does nothing: the task's events say then how far a pull is.
 */
export class LivePulls implements Disposable {
  readonly #terminal: Terminal | undefined;
  readonly #pulls = new Map<string, PullStatus>();
  #drawnLines = 0;

  constructor(terminal: Terminal | undefined) {
    this.#terminal = terminal;
  }

  /** An output that shares the terminal: what is written to it comes above the lines. */
  above(output: Output): Output {
    if (this.#terminal === undefined) return output;
    const write = async (bytes: Uint8Array): Promise<void> => {
      if (bytes.length === 0) return;
      this.#erase();
      await output.write(bytes);
      this.#draw();
    };
    return {
      style: output.style,
      get isClosed() {
        return output.isClosed;
      },
      write,
      writeLine: (text) => write(Buffer.from(`${text}\n`)),
    };
  }

  /** A listener that has seen each event before `listener` is told. */
  watch(listener: RunListener): RunListener {
    if (this.#terminal === undefined) return listener;
    return (event) => {
      const status = event.kind === "plugin-log" ? readPullStatus(event.entry) : undefined;
      if (status !== undefined) this.#see(status);
      return listener(event);
    };
  }

  /** Takes the lines away; none come again. */
  [Symbol.dispose](): void {
    this.#pulls.clear();
    this.#erase();
  }

  #see(status: PullStatus): void {
    if (status.hasEnded) this.#pulls.delete(status.image);
    else this.#pulls.set(status.image, status);
    this.#draw();
  }

  #draw(): void {
    this.#erase();
    const columns = this.#terminal?.columns ?? 1;
    const all = [...this.#pulls.values()].map(toLine);
    const shown = all.length > mostLines ? [...all.slice(0, mostLines - 1), `${all.length - mostLines + 1} more images`] : all;
    if (shown.length === 0) return;
    // A line that is wrapped could not be taken away again.
    this.#terminal?.write(shown.map((line) => line.slice(0, columns - 1)).join("\n"));
    this.#drawnLines = shown.length;
  }

  #erase(): void {
    if (this.#drawnLines === 0) return;
    const up = this.#drawnLines === 1 ? "" : `\u001b[${this.#drawnLines - 1}A`;
    this.#terminal?.write(`\r${up}\u001b[J`);
    this.#drawnLines = 0;
  }
}

/** The terminal that is written to; undefined where the stream is none, or one that cannot take a line back. */
export function toTerminal(stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): Terminal | undefined {
  if (!stream.isTTY || env["TERM"] === "dumb") return undefined;
  return {
    get columns() {
      // One that does not know its size says 0.
      return stream.columns || 80;
    },
    write: (text) => void stream.write(text),
  };
}

function toLine({ image, text, bytes, elapsedMs }: PullStatus): string {
  const done = `${toBar(bytes)}${text}, ${formatDuration(elapsedMs)}`;
  return toPrintable(`${done}: ${image}`).replaceAll(/[\n\t]/g, " ");
}

function toBar(bytes: PullStatus["bytes"]): string {
  if (bytes === undefined) return "";
  const share = Math.min(1, bytes.current / bytes.total);
  const cells = Math.floor(share * barCells);
  return `[${"=".repeat(cells)}${" ".repeat(barCells - cells)}] ${Math.floor(share * 100)} % `;
}
