import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { ConmonLogControl } from "./conmon-log-control.ts";
import type { LogProgress } from "./log-position.ts";
import { LogSegment } from "./log-segment.ts";

export interface LogSpoolOptions {
  /** The file conmon writes; rotated ones stand beside it as `<path>.<number>`. */
  readonly logPath: string;
  readonly socketPath: string;
  readonly control: Pick<ConmonLogControl, "rotate">;
  /** A delivered stretch this long is given back to the disk. Default 16 MiB. */
  readonly rotateBytes?: number;
  /** More than this undelivered, and the oldest is dropped. Default 256 MiB. */
  readonly backlogBytes?: number;
  /** Where an earlier plugin has got to. */
  readonly progress?: LogProgress | undefined;
}

/** What a read gave. */
export interface SpoolRead {
  /** 0: there is nothing new, or nothing more in this file. */
  readonly length: number;
  /** True: the file has been read to its end, and another follows. */
  readonly isFileEnd: boolean;
  /** True: these bytes begin another file than those before. Files end where lines end. */
  readonly isNewFile: boolean;
  readonly inode: bigint;
}

/**
 * All files of a container's log, oldest first: conmon appends to the last, the pump reads from the first, and what is
 * delivered or too much is deleted, so that a container's log takes a bounded part of the disk.
 */
export class LogSpool {
  readonly #options: Required<Omit<LogSpoolOptions, "progress">>;
  readonly #segments: LogSegment[];
  #offsetBytes = 0;
  #isNewFile = true;
  #highestNumber: number;
  #canRotate = true;
  /** One at a time: a read must not lose its file under its feet. */
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(options: Required<Omit<LogSpoolOptions, "progress">>, segments: LogSegment[], highestNumber: number) {
    this.#options = options;
    this.#segments = segments;
    this.#highestNumber = highestNumber;
  }

  /** Opens what there is, deletes what `progress` says is delivered, and goes on from there. */
  static open(options: LogSpoolOptions): LogSpool {
    const { logPath, socketPath, progress } = options;
    const numbers = listRotated(logPath);
    const segments = [...numbers.map((number) => `${logPath}.${number}`), logPath].map((path) => LogSegment.open(path, socketPath));
    const spool = new LogSpool({ rotateBytes: 16 * 1_048_576, backlogBytes: 256 * 1_048_576, ...options }, dropTwins(segments), numbers.at(-1) ?? 0);
    if (progress !== undefined) spool.#resume(progress);
    return spool;
  }

  /** Where in its file the next read begins. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  /** Whether a read would find something. Asks the kernel and reads nothing. */
  get hasMore(): boolean {
    const [segment, next] = this.#segments;
    return next !== undefined || (segment !== undefined && (segment.sizeBytes > this.#offsetBytes || this.#isLeftBehind(segment)));
  }

  /** Reads on where the last read ended, within one file. */
  read(buffer: Uint8Array): Promise<SpoolRead> {
    return this.#alone(async () => {
      const [segment, next] = this.#segments;
      if (segment === undefined) return nothingNew;
      const length = await segment.read(buffer, this.#offsetBytes);
      // conmon had left the file before it was read, so this is its end.
      if (length === 0) return { ...nothingNew, isFileEnd: next !== undefined || this.#followLateSwitch(segment) };
      const isNewFile = this.#isNewFile;
      this.#isNewFile = false;
      this.#offsetBytes += length;
      return { length, isFileEnd: false, isNewFile, inode: segment.inode };
    });
  }

  /** Deletes the file that has been read to its end, once all of it is delivered. */
  dropFinished(): Promise<void> {
    return this.#alone(async () => {
      const [segment, next] = this.#segments;
      if (next !== undefined && segment !== undefined && segment.sizeBytes <= this.#offsetBytes) await this.#dropFirst();
    });
  }

  /** Has conmon begin a new file when enough of the present one is delivered. False: it is not time, or conmon is gone. */
  rotateWhenDue(signal: AbortSignal): Promise<boolean> {
    if (this.#segments.length > 1 || this.#offsetBytes < this.#options.rotateBytes || !this.#canRotate) return Promise.resolve(false);
    return this.#alone(() => this.#rotate(signal));
  }

  /** Drops the oldest output when too much waits for a reader. Returns the bytes of log that are lost, usually 0. */
  enforceLimit(signal: AbortSignal): Promise<number> {
    if (this.#backlogBytes() <= this.#options.backlogBytes) return Promise.resolve(0);
    return this.#alone(async () => {
      if (this.#segments.length === 1 && (!this.#canRotate || !(await this.#rotate(signal)))) return 0;
      let lostBytes = 0;
      while (this.#segments.length > 1 && (lostBytes === 0 || this.#backlogBytes() > this.#options.backlogBytes)) {
        lostBytes += (this.#segments[0]?.sizeBytes ?? 0) - this.#offsetBytes;
        await this.#dropFirst();
      }
      return lostBytes;
    });
  }

  async close(): Promise<void> {
    await this.#alone(async () => {
      for (const segment of this.#segments.splice(0)) await segment.close();
    });
  }

  #resume(progress: LogProgress): void {
    const at = this.#segments.findIndex((segment) => segment.inode === progress.inode);
    if (at === -1) return;
    for (const delivered of this.#segments.splice(0, at)) {
      rmSync(delivered.path, { force: true });
      void delivered.close();
    }
    // A file that is shorter than that is another one under a used number.
    if ((this.#segments[0]?.sizeBytes ?? 0) >= progress.offsetBytes) this.#offsetBytes = progress.offsetBytes;
  }

  async #rotate(signal: AbortSignal): Promise<boolean> {
    const { logPath, socketPath, control } = this.#options;
    const rotatedPath = `${logPath}.${this.#highestNumber + 1}`;
    this.#canRotate = await control.rotate(rotatedPath, signal);
    if (!this.#canRotate) return false;
    this.#highestNumber += 1;
    const last = this.#segments.pop();
    if (last !== undefined) this.#segments.push(last.renamed(rotatedPath));
    this.#segments.push(LogSegment.open(logPath, socketPath));
    return true;
  }

  /** A conmon that was too slow for a rotation, its disk may have stalled, may begin a new log all the same, and later. */
  #isLeftBehind(segment: LogSegment): boolean {
    if (this.#canRotate) return false;
    const now = statSync(this.#options.logPath, { bigint: true, throwIfNoEntry: false });
    return now !== undefined && now.ino !== segment.inode;
  }

  /** The file it has left has no name any more; it takes a number, so that the new one is not deleted in its place. */
  #followLateSwitch(segment: LogSegment): boolean {
    if (!this.#isLeftBehind(segment)) return false;
    const { logPath, socketPath } = this.#options;
    this.#highestNumber += 1;
    this.#segments.splice(0, 1, segment.renamed(`${logPath}.${this.#highestNumber}`), LogSegment.open(logPath, socketPath));
    this.#canRotate = true;
    return true;
  }

  async #dropFirst(): Promise<void> {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    rmSync(segment.path, { force: true });
    await segment.close();
    this.#offsetBytes = 0;
    this.#isNewFile = true;
  }

  #backlogBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - this.#offsetBytes;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(work);
    this.#busy = turn.catch(() => undefined);
    return turn;
  }
}

const nothingNew: SpoolRead = { length: 0, isFileEnd: false, isNewFile: false, inode: 0n };

/** Numbers of the rotated files, ascending. */
function listRotated(logPath: string): number[] {
  const prefix = `${basename(logPath)}.`;
  return readdirSync(dirname(logPath))
    .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .toSorted((one, other) => one - other);
}

/** A plugin killed between link and reopen leaves the same file under two names: only conmon's own counts. */
function dropTwins(segments: readonly LogSegment[]): LogSegment[] {
  const last = segments.at(-1);
  return segments.filter((segment) => {
    if (segment === last || segment.inode !== last?.inode) return true;
    rmSync(segment.path, { force: true });
    void segment.close();
    return false;
  });
}
