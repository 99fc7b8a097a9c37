import { watch } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { constants, open, readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import type { LogReader } from "./log-reader.ts";

const chunkBytes = 64 * 1024;
/** A change is told at once; this is for file systems that do not tell. */
const pollMs = 1_000;

/** How far a log was read. */
export interface LogFilePosition {
  /** Number at the end of the file's name. */
  readonly index: number;
  readonly offset: number;
}

export interface LogFileReaderOptions {
  /** A path of the folder that no task can lead elsewhere. */
  readonly folderPath: string;
  /** What stands before the number, e.g. `web.stdout.`. */
  readonly prefix: string;
  readonly from: LogFilePosition;
  /** Files that were rotated away before they could be read. */
  readonly onGap: (fileCount: number) => Promise<void>;
}

/**
 * Follows `<prefix>0`, `<prefix>1` and so on: reads each to its end, and goes on with the next when there is one. Tasks
 * can write to the folder, so only plain files are opened, and no links.
 */
export class LogFileReader implements LogReader {
  readonly #options: LogFileReaderOptions;
  #position: LogFilePosition;
  #file: FileHandle | undefined;
  #changed = Promise.withResolvers<void>();
  #isEnding = false;

  constructor(options: LogFileReaderOptions) {
    this.#options = options;
    this.#position = options.from;
  }

  /** Where a reader for the task's next life goes on. */
  get position(): LogFilePosition {
    return this.#position;
  }

  async *follow(): AsyncGenerator<Uint8Array, void, void> {
    const watcher = watch(this.#options.folderPath, () => this.#changed.resolve());
    // The poll goes on without it.
    watcher.on("error", () => watcher.close());
    try {
      for (;;) {
        const { promise } = (this.#changed = Promise.withResolvers<void>());
        const isLastRound = this.#isEnding;
        yield* this.#readWhatIsThere();
        if (isLastRound) return;
        if (!this.#isEnding) await waitAtMost(promise, pollMs);
      }
    } finally {
      watcher.close();
      await this.#file?.close();
      this.#file = undefined;
    }
  }

  drain(): Promise<void> {
    this.#isEnding = true;
    this.#changed.resolve();
    return Promise.resolve();
  }

  /** Nothing is open before it is followed. */
  close(): Promise<void> {
    return this.drain();
  }

  async *#readWhatIsThere(): AsyncGenerator<Uint8Array, void, void> {
    while (await this.#openCurrent()) {
      yield* this.#readToEnd();
      const next = await this.#findIndex(this.#position.index + 1);
      if (next === undefined) return;
      // The last bytes may have come between the end that was seen and the next file.
      yield* this.#readToEnd();
      await this.#file?.close();
      this.#file = undefined;
      this.#position = { index: this.#position.index + 1, offset: 0 };
    }
  }

  /** Opens the file at the position, or the first one behind it; false: there is none yet. */
  async #openCurrent(): Promise<boolean> {
    while (this.#file === undefined) {
      const { index } = this.#position;
      const found = await this.#findIndex(index);
      if (found === undefined) return false;
      if (found > index) {
        await this.#options.onGap(found - index);
        this.#position = { index: found, offset: 0 };
      }
      this.#file = await this.#openSafely(found);
      if (this.#file === undefined) this.#position = { index: found + 1, offset: 0 };
    }
    return true;
  }

  async *#readToEnd(): AsyncGenerator<Uint8Array, void, void> {
    const file = this.#file;
    if (file === undefined) return;
    for (;;) {
      const { index, offset } = this.#position;
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, offset);
      if (bytesRead === 0) return;
      this.#position = { index, offset: offset + bytesRead };
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** The lowest number from `least` on. */
  async #findIndex(least: number): Promise<number | undefined> {
    const { folderPath, prefix } = this.#options;
    const numbers = (await readdir(folderPath))
      .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
      .filter((number) => number >= least);
    // Not as arguments of one call: a task may have made more names than fit into one.
    return numbers.length === 0 ? undefined : numbers.reduce((lowest, number) => Math.min(lowest, number));
  }

  /** Undefined for what is no plain file, has a second name, or has gone. */
  async #openSafely(index: number): Promise<FileHandle | undefined> {
    const { folderPath, prefix } = this.#options;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(`${folderPath}/${prefix}${index}`, flags).catch(() => undefined);
    if (file === undefined) return undefined;
    const status = await file.stat();
    if (status.isFile() && status.nlink <= 1) return file;
    await file.close();
    return undefined;
  }
}

async function waitAtMost(event: Promise<void>, limitMs: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([event, delay(limitMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
