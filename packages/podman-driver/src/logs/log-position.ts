import { closeSync, readSync, writeSync } from "node:fs";
import { GuardedDirectory } from "@driver/nomad-plugin";
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

/**
 * The progress of a container's log, kept in a small file beside the allocation so that it outlives the plugin. Written in
 * place after each batch: a crash repeats at most the batch that was under way.
 */
export class LogPosition {
  readonly #fd: number;
  readonly #containerId: string;

  private constructor(fd: number, containerId: string) {
    this.#fd = fd;
    this.#containerId = containerId;
  }

  /** Opens or makes the file in the task's folder, which no container can write to. */
  static open(allocDir: string, taskName: string, containerId: string): LogPosition {
    const directory = GuardedDirectory.open(allocDir, taskName);
    try {
      return new LogPosition(directory.openFileForUpdating(".podman-log-position"), containerId);
    } finally {
      directory.close();
    }
  }

  /** Undefined when the file is new, damaged, of another container, or of a journal. */
  load(): LogProgress | undefined {
    const [inode = "", ...texts] = this.#read();
    const [offsetBytes, ...ends] = toNumbers(texts);
    if (!/^\d{1,20}$/.test(inode) || offsetBytes === undefined) return undefined;
    return { inode: BigInt(inode), offsetBytes, ...toFiles(ends) };
  }

  save({ inode, offsetBytes, files }: LogProgress): void {
    this.#write([inode, offsetBytes], files);
  }

  /** Undefined when the file is new, damaged, of another container, or of a log file. */
  loadJournal(): JournalProgress | undefined {
    const [kind, ...texts] = this.#read();
    const [atSeconds, count, checksum, ...ends] = toNumbers(texts);
    if (kind !== journalWord || atSeconds === undefined || count === undefined || checksum === undefined) return undefined;
    return { mark: { atSeconds, count, checksum }, ...toFiles(ends) };
  }

  saveJournal({ mark, files }: JournalProgress): void {
    this.#write([journalWord, mark.atSeconds, mark.count, mark.checksum], files);
  }

  /** The record's words after the container's id; none when it is another container's. */
  #read(): readonly string[] {
    const buffer = Buffer.alloc(recordBytes);
    const length = readSync(this.#fd, buffer, 0, recordBytes, 0);
    const [containerId, ...words] = buffer.toString("latin1", 0, length).trim().split(" ");
    return containerId === this.#containerId ? words : [];
  }

  #write(words: readonly (string | number | bigint)[], files: LogFilePositions | undefined): void {
    const { stdout, stderr } = files ?? {};
    const ends = [stdout, stderr].flatMap((file) => (file === undefined ? [] : [file.index, file.sizeBytes]));
    const record = [this.#containerId, ...words, ...ends].join(" ");
    try {
      writeSync(this.#fd, record.padEnd(recordBytes - 1).concat("\n"), 0, "latin1");
    } catch {
      // A full disk must not end the log: the next save tries again, and a crash until then repeats more.
    }
  }

  close(): void {
    closeSync(this.#fd);
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
