import type { EngineFolder } from "../host/engine-storage.ts";
import type { ConmonLogControl } from "./conmon-log-control.ts";
import type { LogProgress } from "./log-position.ts";
import { LogRotation, type RotationIntervals } from "./log-rotation.ts";
import { LogSegment } from "./log-segment.ts";

/** conmon's file is followed by a new one about so often. */
export const defaultRotateBytes = 16 * 1_048_576;

/** With more of it unread the kernel may have put some of it away. */
const recentBytes = 64 * 1_048_576;

export interface LogSpoolOptions {
  /** The engine's folder that the log is in; its owner closes it after the spool. */
  readonly folder: EngineFolder;
  /** The file conmon writes; rotated ones stand beside it as `<name>.<number>`. */
  readonly name: string;
  readonly control: Pick<ConmonLogControl, "ask" | "look">;
  /** A delivered stretch this long is given back to the disk. Default `defaultRotateBytes`. */
  readonly rotateBytes?: number;
  /** More than this undelivered, and the oldest is dropped. Default 256 MiB. */
  readonly backlogBytes?: number;
  readonly intervals?: Partial<RotationIntervals>;
  /** So long conmon is given for a new file before one that outgrows its limit is emptied in its place. Default 3000. */
  readonly stuckMs?: number;
  /**
   * What was written since its end was met is read at once for so long. Default 30,000: so long the kernel keeps in memory what it has not
   * yet written to the disk.
   */
  readonly recentMs?: number;
  /** The file conmon writes was emptied: no new one was to be had, and why, where that is known. */
  onEmptied?(error: unknown): void;
}

/** What a read gave. */
export interface SpoolRead {
  /** 0: there is nothing new, or nothing more in this file. */
  readonly length: number;
  /** True: the file has been read to its end, and another follows. */
  readonly isFileEnd: boolean;
  /** True: a part of a hole was passed over, and the next read goes on behind it. */
  readonly isHole: boolean;
  /** True: these bytes do not follow those before. They begin where a line does. */
  readonly isNewFile: boolean;
  readonly inode: bigint;
}

type Settings = Required<Omit<LogSpoolOptions, "intervals">>;

/**
 * All files of a container's log, oldest first: conmon appends to the last, the pump reads from the first, and what is
 * delivered or too much is deleted, so that a container's log takes a bounded part of the disk.
 */
export class LogSpool {
  readonly #options: Settings;
  readonly #segments: LogSegment[];
  readonly #rotation: LogRotation;
  /** Where the first file's next byte to read stands; behind `#beganBytes`, which is 0 but for a file that was emptied. */
  #offsetBytes = 0;
  #beganBytes = 0;
  #isNewFile = true;
  /** When a read met the end of all that conmon had written. */
  #metEndAtMs = Number.NEGATIVE_INFINITY;
  /** At the beginning of a line the file may have a hole: it was emptied, and conmon went on where it was. */
  #mayBeHole = true;
  /** The size of a file that was emptied; conmon goes on at its beginning or there. */
  #emptiedAtBytes: number | undefined;
  #emptiesAtEnd = false;
  #highestNumber: number;
  /** The size of the last file when the limit was enforced last. */
  #seenBytes = Number.POSITIVE_INFINITY;
  /** Lost and not told yet. */
  #lostBytes = 0;
  /** One at a time: a read must not lose its file under its feet. */
  #busy: Promise<unknown> = Promise.resolve();
  #busyCount = 0;

  private constructor(options: Settings, files: OpenFiles, rotation: LogRotation) {
    this.#options = options;
    this.#segments = files.segments;
    this.#highestNumber = files.highestNumber;
    this.#rotation = rotation;
  }

  /** Opens what there is, to be read from the beginning. Rejects, with nothing left open, when a file cannot be opened. */
  static async open(options: LogSpoolOptions): Promise<LogSpool> {
    const { folder, name, control, intervals } = options;
    const settings = {
      rotateBytes: defaultRotateBytes,
      backlogBytes: 256 * 1_048_576,
      stuckMs: 3000,
      recentMs: 30_000,
      onEmptied: () => undefined,
      ...options,
    };
    const files = await openFiles(folder, name, mostFilesOf(settings));
    const rotation = new LogRotation({ folder, name, control, begunName: files.twinName, ...(intervals !== undefined && { intervals }) });
    return new LogSpool(settings, files, rotation);
  }

  /** Where in its file the next read begins. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  /** Where all that is left begins. To be saved after a loss: the number of a file that was deleted is another's soon. */
  get beginning(): LogProgress | undefined {
    const [segment] = this.#segments;
    return segment === undefined ? undefined : { inode: segment.inode, offsetBytes: 0 };
  }

  /** Whether a read would find something, as far as that was seen already, or else as the kernel says; reads nothing. */
  get hasMore(): boolean {
    const [segment, next] = this.#segments;
    if (segment === undefined || next !== undefined) return next !== undefined;
    // In the middle of a stretch nobody needs to be asked for each slice of it.
    if (this.#emptiedAtBytes === undefined && segment.knownBytes > this.#offsetBytes) return true;
    return segment.sizeBytes > (this.#emptiedAtBytes === undefined ? this.#offsetBytes : 0) || this.#hasUnseenFile;
  }

  /** Whether `enforceLimit` has something to do. Asks the kernel and reads nothing. */
  get isOverLimit(): boolean {
    return this.#isOver || this.#hasUnseenFile;
  }

  /** Whether conmon has yet to begin the new file that is wanted of it. */
  get waitsForNewFile(): boolean {
    return this.#rotation.waitedMs > 0;
  }

  /** Reads on where the last read ended, within one file. What needs no waiting is there at once. */
  read(buffer: Uint8Array): SpoolRead | Promise<SpoolRead> {
    if (this.#busyCount > 0) return this.#alone(() => this.#read(buffer));
    this.#followRotation();
    const [segment] = this.#segments;
    if (segment === undefined || this.#emptiedAtBytes !== undefined || !this.#isRecent) return this.#alone(() => this.#read(buffer));
    return this.#take(segment, buffer, segment.readAtOnce(buffer, this.#offsetBytes));
  }

  /** Deletes the file that has been read to its end, once all of it is delivered. */
  dropFinished(): Promise<void> {
    return this.#alone(async () => {
      const [segment, next] = this.#segments;
      if (next !== undefined && segment !== undefined && segment.sizeBytes <= this.#offsetBytes) await this.#dropFirst();
    });
  }

  /** Has conmon begin a new file when enough of the present one is delivered. A later read finds it. */
  rotateWhenDue(): void {
    if (this.#segments.length === 1 && this.#offsetBytes - this.#beganBytes >= this.#options.rotateBytes) this.#wantRotation();
  }

  /** Drops the oldest output when too much waits for a reader. Returns the bytes of log that are lost, usually 0. */
  enforceLimit(): Promise<number> {
    return this.#alone(async () => {
      if (this.#emptiedAtBytes !== undefined) await this.#findBeginning(this.#emptiedAtBytes);
      this.#followRotation();
      if (this.#segments.length === 1 && this.#isOver) this.#wantRotation();
      this.#followRotation();
      while (this.#segments.length > 1 && this.#waitingBytes > this.#options.backlogBytes) {
        this.#lostBytes += (this.#segments[0]?.sizeBytes ?? 0) - this.#offsetBytes;
        await this.#dropFirst();
      }
      this.#emptyWhenStuck();
      const lostBytes = this.#lostBytes;
      this.#lostBytes = 0;
      return lostBytes;
    });
  }

  /** Has the next read begin behind what is delivered, and deletes what comes before it. Undefined: nothing is. */
  goOnAt(progress: LogProgress | undefined): Promise<void> {
    return this.#alone(async () => {
      const at = this.#segments.findIndex((segment) => segment.inode === progress?.inode);
      for (let delivered = 0; delivered < at; delivered += 1) await this.#dropFirst();
      this.#setOffset(progress);
    });
  }

  async close(): Promise<void> {
    await this.#alone(async () => {
      for (const segment of this.#segments.splice(0)) await segment.close();
    });
  }

  async #read(buffer: Uint8Array): Promise<SpoolRead> {
    this.#followRotation();
    if (this.#emptiedAtBytes !== undefined) await this.#findBeginning(this.#emptiedAtBytes);
    const [segment] = this.#segments;
    if (segment === undefined) return nothingNew;
    return this.#take(segment, buffer, this.#emptiedAtBytes === undefined ? await segment.read(buffer, this.#offsetBytes) : 0);
  }

  /** What was read of the first file, `length` bytes of it. */
  #take(segment: LogSegment, buffer: Uint8Array, length: number): SpoolRead {
    const isLast = this.#segments.length === 1;
    if (length < buffer.length && isLast) this.#metEndAtMs = performance.now();
    const holeBytes = this.#mayBeHole ? measureHole(buffer.subarray(0, length)) : 0;
    this.#offsetBytes += holeBytes;
    // One slice at a time: a hole can be as long as a file, and whoever reads may want to end.
    if (length > 0 && holeBytes === length) return { ...nothingNew, isHole: true };
    if (length === 0) {
      if (this.#emptiesAtEnd && isLast) this.#empty(segment);
      // conmon had left the file before it was read, so this is its end.
      return { ...nothingNew, isFileEnd: !isLast };
    }
    const isNewFile = this.#isNewFile;
    this.#isNewFile = false;
    this.#mayBeHole = false;
    if (holeBytes > 0) buffer.copyWithin(0, holeBytes, length);
    this.#offsetBytes += length - holeBytes;
    return { length: length - holeBytes, isFileEnd: false, isHole: false, isNewFile, inode: segment.inode };
  }

  /** Whether what comes next need not be waited for: a change of threads takes longer than to read it in this one. */
  get #isRecent(): boolean {
    return performance.now() - this.#metEndAtMs < this.#options.recentMs && this.#knownWaitingBytes <= recentBytes;
  }

  /** As `#waitingBytes`, as far as that was seen already. */
  get #knownWaitingBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.knownBytes, -this.#offsetBytes);
  }

  /** Of another file, or of one that is shorter now, it is none: another one has its number, or it was emptied. */
  #setOffset(progress: LogProgress | undefined): void {
    const [segment] = this.#segments;
    const isOfFirst = progress !== undefined && segment?.inode === progress.inode && segment.sizeBytes >= progress.offsetBytes;
    this.#offsetBytes = Math.max(this.#beganBytes, isOfFirst ? progress.offsetBytes : 0);
    this.#isNewFile = true;
    this.#mayBeHole = true;
  }

  #wantRotation(): void {
    if (this.#rotation.want(`${this.#options.name}.${this.#highestNumber + 1}`)) this.#highestNumber += 1;
  }

  /** Goes over to the new file if conmon has. */
  #followRotation(): void {
    const last = this.#segments.at(-1);
    const keptName = last === undefined ? undefined : this.#rotation.keptName(last.inode);
    if (last === undefined || keptName === undefined) return;
    const next = LogSegment.open(this.#options.folder, this.#options.name);
    this.#segments.splice(-1, 1, last.renamed(keptName), next);
    this.#seenBytes = Number.POSITIVE_INFINITY;
    this.#emptiesAtEnd = false;
    this.#rotation.done();
  }

  async #dropFirst(): Promise<void> {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    this.#offsetBytes = 0;
    this.#beganBytes = 0;
    this.#emptiedAtBytes = undefined;
    this.#isNewFile = true;
    this.#mayBeHole = true;
    await this.#delete(segment);
  }

  async #delete(segment: LogSegment): Promise<void> {
    try {
      this.#options.folder.unlink(segment.name);
    } finally {
      await segment.close();
    }
  }

  get #isOver(): boolean {
    return this.#waitingBytes > this.#options.backlogBytes || this.#isOutgrown;
  }

  /** conmon may have begun a file, and filled it, while nobody reads. */
  get #hasUnseenFile(): boolean {
    const last = this.#segments.at(-1);
    return last !== undefined && this.#rotation.hasLeft(last.inode);
  }

  /** Bytes that nobody has read yet. */
  get #waitingBytes(): number {
    const sizeBytes = this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    // Which of the two places conmon goes on at shows with the next read.
    const readBytes = this.#emptiedAtBytes === undefined ? this.#offsetBytes : this.#emptiedAtBytes;
    return sizeBytes >= readBytes ? sizeBytes - readBytes : sizeBytes;
  }

  /** Though its output is delivered, a file for which conmon begins no new one takes more than its share of the disk. */
  get #isOutgrown(): boolean {
    const [segment, next] = this.#segments;
    const { rotateBytes, backlogBytes } = this.#options;
    return next === undefined && segment !== undefined && segment.sizeBytes - this.#beganBytes > rotateBytes + backlogBytes;
  }

  /**
   * The last resort: whatever nobody has read is lost. Without a conmon nobody writes any more, as a rule, and no more of the
   * disk is taken.
   */
  #emptyWhenStuck(): void {
    const [segment, next] = this.#segments;
    if (segment === undefined || next !== undefined) return;
    const { sizeBytes } = segment;
    const mayGrow = !this.#rotation.isGone || sizeBytes > this.#seenBytes;
    this.#seenBytes = sizeBytes;
    if (!mayGrow || !this.#isOver || this.#rotation.waitedMs < this.#options.stuckMs) return;
    if (this.#waitingBytes > this.#options.backlogBytes) this.#empty(segment);
    // With its output delivered it can wait until all of it is read, when nothing is lost.
    else this.#emptiesAtEnd = true;
  }

  #empty(segment: LogSegment): void {
    const sizeBytes = segment.empty();
    this.#lostBytes += sizeBytes - this.#offsetBytes;
    this.#emptiedAtBytes = sizeBytes;
    this.#offsetBytes = sizeBytes;
    this.#beganBytes = sizeBytes;
    this.#seenBytes = Number.POSITIVE_INFINITY;
    this.#emptiesAtEnd = false;
    this.#isNewFile = true;
    this.#mayBeHole = true;
    this.#options.onEmptied(this.#rotation.lastError);
  }

  /**
   * conmon's first file is for appending and goes on at 0; those it makes later go on where it was, behind a hole (conmon:
   * ctr_logging.c).
   */
  async #findBeginning(emptiedAtBytes: number): Promise<void> {
    const first = Buffer.alloc(1);
    if (((await this.#segments[0]?.read(first, 0)) ?? 0) === 0) return;
    this.#offsetBytes = first[0] === 0 ? emptiedAtBytes : 0;
    this.#beganBytes = this.#offsetBytes;
    this.#emptiedAtBytes = undefined;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#busyCount += 1;
    const turn = this.#busy.then(work).finally(() => (this.#busyCount -= 1));
    this.#busy = turn.catch(() => undefined);
    return turn;
  }
}

const nothingNew: SpoolRead = { length: 0, isFileEnd: false, isHole: false, isNewFile: false, inode: 0n };

/** Bytes before the next line: none of conmon's begins with a zero byte. */
function measureHole(bytes: Uint8Array): number {
  const atBytes = bytes.findIndex((byte) => byte !== 0);
  return atBytes === -1 ? bytes.length : atBytes;
}

interface OpenFiles {
  readonly segments: LogSegment[];
  readonly highestNumber: number;
  /** A second name of the file that conmon writes: a plugin was killed in the middle of a rotation. */
  readonly twinName: string | undefined;
}

/**
 * Far more rotated files than a log within its limit has. A user who names the folder can fill it with such names, and each that is
 * opened takes a descriptor, of which this process has some thousands for all tasks.
 */
function mostFilesOf({ backlogBytes, rotateBytes }: Pick<Settings, "backlogBytes" | "rotateBytes">): number {
  return 100 + 2 * Math.ceil(backlogBytes / rotateBytes);
}

/** All or none; of too many the newest. */
async function openFiles(folder: EngineFolder, name: string, mostFiles: number): Promise<OpenFiles> {
  const numbers = listRotated(folder, name).slice(-mostFiles);
  const opened: LogSegment[] = [];
  try {
    for (const fileName of [...numbers.map((number) => `${name}.${number}`), name]) opened.push(LogSegment.open(folder, fileName));
    const last = opened.at(-1);
    const isTwin = (segment: LogSegment): boolean => segment !== last && segment.inode === last?.inode;
    const twins = opened.filter(isTwin);
    // More than one is left of a try that could not be undone.
    for (const twin of twins.slice(0, -1)) folder.unlink(twin.name);
    for (const twin of twins) await twin.close();
    return { segments: opened.filter((segment) => !isTwin(segment)), highestNumber: numbers.at(-1) ?? 0, twinName: twins.at(-1)?.name };
  } catch (error) {
    for (const segment of opened) await segment.close();
    throw error;
  }
}

/** Numbers of the rotated files, ascending. */
function listRotated(folder: EngineFolder, name: string): number[] {
  const prefix = `${name}.`;
  return folder
    .list()
    .filter((entry) => entry.startsWith(prefix) && /^\d{1,9}$/.test(entry.slice(prefix.length)))
    .map((entry) => Number(entry.slice(prefix.length)))
    .toSorted((one, other) => one - other);
}
