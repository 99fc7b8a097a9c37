import type { EngineFolder } from "../host/engine-storage.ts";
import type { ConmonAnswer, ConmonLogControl } from "./conmon-log-control.ts";

export interface LogRotationOptions {
  readonly folder: Pick<EngineFolder, "inodeOf" | "link" | "unlink" | "reserveFile">;
  /** The file conmon writes. */
  readonly name: string;
  readonly control: Pick<ConmonLogControl, "ask" | "look">;
  /** The second name of the file that an earlier plugin gave it before it died: conmon may have been asked. */
  readonly begunName?: string | undefined;
  readonly intervals?: Partial<RotationIntervals>;
}

export interface RotationIntervals {
  /** Least pause between two tries. Default 1000. */
  readonly retryMs: number;
  /** conmon answers within milliseconds; where it does not, it is looked for so often. Default 3000. */
  readonly lookMs: number;
  /** Then it is asked once more. Default 60,000. */
  readonly askAgainMs: number;
}

const defaultIntervals: RotationIntervals = { retryMs: 1000, lookMs: 3000, askAgainMs: 60_000 };

/**
 * The change to a new log file. The present file gets a second name, conmon is asked for a new one, and does it when it comes
 * to it: nobody waits for that. Only a conmon that is gone will never do it; whatever else goes wrong is tried again.
 */
export class LogRotation {
  readonly #options: LogRotationOptions;
  readonly #intervals: RotationIntervals;
  #asked: { readonly keptName: string; readonly askAgainAtMs: number; readonly lookAtMs: number } | undefined;
  #wantedAtMs: number | undefined;
  #nextTryAtMs = Number.NEGATIVE_INFINITY;
  #lastError: unknown;
  #isGone = false;

  constructor(options: LogRotationOptions) {
    this.#options = options;
    this.#intervals = { ...defaultIntervals, ...options.intervals };
    const lookAtMs = performance.now() + this.#intervals.lookMs;
    if (options.begunName !== undefined) this.#asked = { keptName: options.begunName, lookAtMs, askAgainAtMs: lookAtMs };
  }

  /** For how long a new file has been wanted in vain, in milliseconds; 0 when none is. */
  get waitedMs(): number {
    return this.#wantedAtMs === undefined ? 0 : performance.now() - this.#wantedAtMs;
  }

  /** Whether nobody read conmon's FIFO when it was looked at last. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** What went wrong at the last try; undefined when nothing did. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /**
   * Asks conmon for a new file and keeps the present one as `keptName`. False: it has been asked, or was tried just now, and the
   * name is not used.
   */
  want(keptName: string): boolean {
    const nowMs = performance.now();
    this.#wantedAtMs ??= nowMs;
    if (this.#asked !== undefined || nowMs < this.#nextTryAtMs) return false;
    this.#nextTryAtMs = nowMs + this.#intervals.retryMs;
    if (this.#begin(keptName)) {
      this.#asked = { keptName, lookAtMs: nowMs + this.#intervals.lookMs, askAgainAtMs: nowMs + this.#intervals.askAgainMs };
    }
    return true;
  }

  /** Whether conmon has begun a new file since it was asked, and writes no more to the one with `inode`. */
  hasLeft(inode: bigint): boolean {
    return this.#asked !== undefined && this.#isOther(inode);
  }

  /** The name under which the file with `inode` is kept, once conmon has left it. To be confirmed by `done`. */
  keptName(inode: bigint): string | undefined {
    const asked = this.#asked;
    if (asked === undefined) return undefined;
    if (this.#isOther(inode)) return asked.keptName;
    if (performance.now() < asked.lookAtMs) return undefined;
    this.#askAfter();
    // It may have begun a new file as the last thing it did.
    if (this.#isOther(inode)) return asked.keptName;
    if (this.#isGone) this.#giveUp(asked.keptName);
    return undefined;
  }

  /** The new file is known to whoever reads the log. */
  done(): void {
    this.#asked = undefined;
    this.#wantedAtMs = undefined;
    this.#nextTryAtMs = Number.NEGATIVE_INFINITY;
    this.#lastError = undefined;
  }

  #isOther(inode: bigint): boolean {
    const now = this.#options.folder.inodeOf(this.#options.name);
    return now !== undefined && now !== inode;
  }

  #begin(keptName: string): boolean {
    const { folder, name, control } = this.#options;
    // Asked before anything is made: most often it is gone, and this is tried for as long as its output is read.
    if (!this.#isTold(control.look())) return false;
    try {
      folder.link(name, keptName);
    } catch (error) {
      this.#lastError = error;
      return false;
    }
    try {
      // conmon ends, and leaves its container alone, when it cannot open this name for its new file (conmon: ctr_logging.c).
      folder.reserveFile(`${name}.tmp`);
      if (this.#isTold(control.ask())) return true;
    } catch (error) {
      this.#lastError = error;
    }
    this.#giveUp(keptName);
    return false;
  }

  #isTold(answer: ConmonAnswer): boolean {
    this.#lastError = answer.kind === "not-now" ? answer.error : undefined;
    this.#isGone = answer.kind === "gone";
    return answer.kind === "told";
  }

  /**
   * Looks for a conmon that has not answered. A message that it has not read yet, or never got, is sent once more after long: it
   * reads both in one go then, and the file in between stays empty.
   */
  #askAfter(): void {
    const { control } = this.#options;
    const nowMs = performance.now();
    const asked = this.#asked;
    if (asked === undefined) return;
    const isDue = nowMs >= asked.askAgainAtMs;
    this.#isTold(isDue ? control.ask() : control.look());
    this.#asked = {
      ...asked,
      lookAtMs: nowMs + this.#intervals.lookMs,
      ...(isDue && { askAgainAtMs: nowMs + this.#intervals.askAgainMs }),
    };
  }

  #giveUp(keptName: string): void {
    this.#asked = undefined;
    try {
      this.#options.folder.unlink(keptName);
    } catch (error) {
      this.#lastError = error;
    }
  }
}
