import { closeSync, readSync, writeSync } from "node:fs";
import { GuardedDirectory, type Logger, type TaskConfig } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import type { JournalMark } from "./journal-cursor.ts";
import type { LogFilePositions } from "./open-log-sinks.ts";

/** How far a container's log files have been delivered. */
export interface LogProgress {
  /** Which of the container's log files, by its inode: a rotation renames them. */
  readonly inode: bigint;
  /** Bytes of that file that are delivered: the end of a line. */
  readonly offsetBytes: number;
  /** Where the plugin's own log files ended then, when it writes them. */
  readonly files?: LogFilePositions | undefined;
}

/** How far a container's part of the host's journal has been delivered. */
export interface JournalProgress {
  readonly mark: JournalMark;
  readonly files?: LogFilePositions | undefined;
}

/** One write of this length is all or nothing for a process that is killed. */
const recordBytes = 256;
/** Stands in the place of an inode. */
const journalWord = "journal";

const fileName = ".podman-log-position";

/** Time until a save that failed is tried again, when none comes before. */
const retryMs = 1000;

/**
 * The progress of a container's log, kept in a small file in the task's folder, which no container can write to, so that it
 * outlives the plugin. Written in place after each batch: a crash repeats at most the batch that was under way.
 */
export class LogPosition {
  readonly #allocDir: string;
  readonly #taskName: string;
  readonly #containerId: string;
  readonly #logger: Pick<Logger, "warn">;
  #fd: number | undefined;
  #hasWarned = false;
  /** Runs while the disk has not taken what was saved last. */
  #retry: NodeJS.Timeout | undefined;
  /** What was saved last, whether the disk has taken it or not. */
  #latest: LogProgress | undefined;
  #latestOfJournal: JournalProgress | undefined;

  /** Touches nothing: the file is made with the first save, which for Nomad's FIFOs is not while a crowd of tasks starts. */
  constructor({ allocDir, name }: Pick<TaskConfig, "allocDir" | "name">, containerId: string, logger: Pick<Logger, "warn">) {
    this.#allocDir = allocDir;
    this.#taskName = name;
    this.#containerId = containerId;
    this.#logger = logger;
  }

  /**
   * What this object has saved, or else what is in the file; undefined when that is missing, damaged, of another container, or of
   * a journal.
   */
  load(): LogProgress | undefined {
    if (this.#latest !== undefined) return this.#latest;
    const [inode = "", ...texts] = this.#read();
    const [offsetBytes, ...ends] = toNumbers(texts);
    if (!/^\d{1,20}$/.test(inode) || offsetBytes === undefined) return undefined;
    return { inode: BigInt(inode), offsetBytes, ...toFiles(ends) };
  }

  save(progress: LogProgress): void {
    this.#latest = progress;
    this.#latestOfJournal = undefined;
    this.#write([progress.inode, progress.offsetBytes], progress.files);
  }

  /** As `load`, for a journal. */
  loadJournal(): JournalProgress | undefined {
    if (this.#latestOfJournal !== undefined) return this.#latestOfJournal;
    const [kind, ...texts] = this.#read();
    const [atSeconds, count, checksum, ...ends] = toNumbers(texts);
    if (kind !== journalWord || atSeconds === undefined || count === undefined || checksum === undefined) return undefined;
    return { mark: { atSeconds, count, checksum }, ...toFiles(ends) };
  }

  saveJournal(progress: JournalProgress): void {
    const { mark, files } = progress;
    this.#latestOfJournal = progress;
    this.#latest = undefined;
    this.#write([journalWord, mark.atSeconds, mark.count, mark.checksum], files);
  }

  close(): void {
    clearTimeout(this.#retry);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** The record's words after the container's id; none when it is another container's. */
  #read(): readonly string[] {
    const buffer = Buffer.alloc(recordBytes);
    const length = this.#readInto(buffer);
    const [containerId, ...words] = buffer.toString("latin1", 0, length).trim().split(" ");
    return containerId === this.#containerId ? words : [];
  }

  #readInto(buffer: Buffer): number {
    try {
      return readSync(this.#open({ make: false }), buffer, 0, recordBytes, 0);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return 0;
      throw error;
    }
  }

  #write(words: readonly (string | number | bigint)[], files: LogFilePositions | undefined): void {
    const { stdout, stderr } = files ?? {};
    const ends = [stdout, stderr].flatMap((file) => (file === undefined ? [] : [file.index, file.sizeBytes]));
    this.#writeRecord([this.#containerId, ...words, ...ends].join(" ").padEnd(recordBytes - 1).concat("\n"));
  }

  /** A full disk must not end the log. A task that has printed all it ever will brings no next save: this one is tried until it is done. */
  #writeRecord(record: string): void {
    clearTimeout(this.#retry);
    try {
      writeSync(this.#open({ make: true }), record, 0, "latin1");
    } catch (error) {
      this.#warnOnce(error);
      this.#retry = setTimeout(() => this.#writeRecord(record), retryMs).unref();
    }
  }

  #warnOnce(error: unknown): void {
    if (this.#hasWarned || ["ENOSPC", "EDQUOT"].includes(codeOf(error))) return;
    this.#hasWarned = true;
    this.#logger.warn(`the position of task ${this.#taskName}'s log cannot be saved: a restart of the plugin may repeat output`, {
      error: String(error),
    });
  }

  #open(options: { readonly make: boolean }): number {
    if (this.#fd !== undefined) return this.#fd;
    const directory = GuardedDirectory.open(this.#allocDir, this.#taskName);
    try {
      return (this.#fd = directory.openFileForUpdating(fileName, options));
    } finally {
      directory.close();
    }
  }
}

/** None when one of them is no number. */
function toNumbers(texts: readonly string[]): readonly number[] {
  const numbers = texts.map((text) => (/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN));
  return numbers.every((number) => Number.isSafeInteger(number)) ? numbers : [];
}

function toFiles([outIndex, outBytes, errIndex, errBytes]: readonly number[]): { readonly files?: LogFilePositions } {
  if (outIndex === undefined || outBytes === undefined || errIndex === undefined || errBytes === undefined) return {};
  return { files: { stdout: { index: outIndex, sizeBytes: outBytes }, stderr: { index: errIndex, sizeBytes: errBytes } } };
}
