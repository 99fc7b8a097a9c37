import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError, type LoggedLine, type LogOptions } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { BackOff } from "../back-off.ts";
import { RepeatFilter, type JournalMark } from "./journal-cursor.ts";
import type { JournalProgress, LogPosition } from "./log-position.ts";
import type { LogSinks } from "./open-log-sinks.ts";
import { pauseForRetry } from "./pause-for-retry.ts";

export interface JournalPumpOptions {
  /** Podman's word for what stands in the journal. */
  read(options: LogOptions, signal: AbortSignal): AsyncIterable<readonly LoggedLine[]>;
  readonly sinks: Pick<LogSinks, "stdout" | "stderr" | "filePositions">;
  readonly position: Pick<LogPosition, "saveJournal">;
  /** Where an earlier plugin has got to. */
  readonly progress: JournalProgress | undefined;
  /** Where to begin without progress: seconds since 1970. Default: the beginning. */
  readonly sinceSeconds?: number | undefined;
  readonly logger: Logger;
  readonly intervals?: Partial<JournalIntervals>;
  /** Tells the task's owner why output comes late or not at all. */
  onTrouble(trouble: JournalTrouble): void;
  /** The followed log has ended: so has the container, or Podman's service. */
  onEnd(): void;
}

export type JournalTrouble =
  /** Podman keeps its events elsewhere and does not follow the journal: it is looked at now and then. */
  | "not-followed"
  /** The container has ended and the journal does not say so. */
  | "never-ended";

export interface JournalIntervals {
  /** First pause before a log that broke off is opened again; it doubles up to `retryMostMs`. Default 250. */
  readonly retryMs: number;
  /** Default 5000. */
  readonly retryMostMs: number;
  /** A followed log has ended: the news of the container's end may take this long. After it the service is what has ended. Default 300. */
  readonly endNewsMs: number;
  /** Least pause between two looks where the journal cannot be followed. Default 5000. */
  readonly snapshotMs: number;
  /** When the container has ended, the journal may be silent for this long before its end comes. Default 3000. */
  readonly endGraceMs: number;
  /** The same before the first line of a log that goes on somewhere: Podman walks there line by line. Default 8000. */
  readonly walkGraceMs: number;
  /** Where the journal cannot be followed, what the container wrote last is in it after this time. Default 500. */
  readonly settleMs: number;
}

const defaultIntervals: JournalIntervals = {
  retryMs: 250,
  retryMostMs: 5000,
  endNewsMs: 300,
  snapshotMs: 5000,
  endGraceMs: 3000,
  walkGraceMs: 8000,
  settleMs: 500,
};
/** Podman sends each line by itself, and this much of a torrent is delivered at once: it saves half of the work. */
const gatherMs = 5;
/**
 * Podman 4.3 now and then ends a stream as soon as it is open whose beginning is less than two seconds ago, though the
 * container runs: one that begins before that is asked for, and what is too old is left out here.
 */
const oldEnoughSeconds = 5;
/** A log with fewer lines, and one that Podman has walked through in less, is looked at once more behind its end. */
const shortLog = { lines: 10_000, walkMs: 250 };
/** A look walks through the whole log (podman 4.3), so a long one is looked at more seldom. */
const pauseForLook = 10;

/**
 * Carries a container's output from the host's journal to the task's two logs, line by line, by one stream that Podman
 * keeps open. A stream that breaks off is opened again at the second of the last delivered line, and what was delivered of
 * that second is taken out. The position is saved after each delivery, so a crash repeats at most one.
 */
export class JournalPump {
  readonly #options: JournalPumpOptions;
  readonly #intervals: JournalIntervals;
  readonly #stop = new AbortController();
  /** Fires when the container has ended. */
  readonly #ending = new AbortController();
  readonly #finished: Promise<void>;
  #mark: JournalMark | undefined;
  #seenLines = 0;
  #delivered = 0;
  #deliveredAtMs = 0;
  /** From the opening of the stream to its first line. */
  #walkMs = 0;
  #follows = true;
  #filter: RepeatFilter;
  /** Ends the open stream. */
  #reading = new AbortController();
  /** How long the stream may be silent now; undefined while it is not waited for: a slow reader of the task's logs is no silence. */
  #silenceMs: number | undefined;
  /** Ends the stream when it is silent after the container's end. */
  #endTimer: NodeJS.Timeout | undefined;

  constructor(options: JournalPumpOptions) {
    this.#options = options;
    this.#intervals = { ...defaultIntervals, ...options.intervals };
    this.#mark = options.progress?.mark;
    this.#filter = new RepeatFilter(this.#mark);
    this.#finished = this.#run();
    // `finished`, `drain` and `close` look at the outcome.
    this.#finished.catch(() => undefined);
  }

  /** Lines that Podman has given so far, those that were delivered before included. */
  get seenLines(): number {
    return this.#seenLines;
  }

  /**
   * Settles with the drain. Rejects as soon as a log cannot be written or Podman knows the container no more, and when the pump
   * is closed.
   */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** The container has ended: settles when all that the journal has of it is delivered. Rejects when a log cannot be written. */
  drain(): Promise<void> {
    this.#ending.abort();
    this.#awaitLines(this.#silenceMs);
    return this.#finished;
  }

  /** Ends at once. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the journal pump was closed"));
    clearTimeout(this.#endTimer);
    await this.#finished.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { retryMs, retryMostMs, endNewsMs } = this.#intervals;
    const ends = { stop: this.#stop.signal, ending: this.#ending.signal };
    for (const backOff = new BackOff({ shortestMs: retryMs, longestMs: retryMostMs }); this.#follows;) {
      const before = this.#delivered;
      const outcome = await this.#read({ follow: true });
      if (outcome === "over") return;
      if (this.#delivered > before) backOff.reset();
      if (outcome === "broken" && this.#follows) await pauseForRetry(backOff, ends);
      if (outcome !== "complete") continue;
      if (!this.#ending.signal.aborted) {
        this.#options.onEnd();
        await this.#pause(endNewsMs);
      }
      if (this.#ending.signal.aborted) return this.#finish();
      await pauseForRetry(backOff, ends);
    }
    await this.#look();
  }

  /** The container's end was the stream's end; to be sure of that costs Podman a walk through the whole log (4.3). */
  async #finish(): Promise<void> {
    await this.#deliver(this.#filter.rest());
    if (this.#seenLines > shortLog.lines || this.#walkMs > shortLog.walkMs) return;
    if ((await this.#read({ follow: false })) === "complete") await this.#deliver(this.#filter.rest());
  }

  /** Where the journal cannot be followed. */
  async #look(): Promise<void> {
    const { snapshotMs, settleMs, retryMs } = this.#intervals;
    for (;;) {
      const isLast = this.#ending.signal.aborted;
      // Without the end of the container in the journal, its last lines may just be on their way.
      if (isLast) await sleep(settleMs, undefined, { signal: this.#stop.signal });
      const beganMs = performance.now();
      const outcome = await this.#read({ follow: false });
      if (outcome === "over") return;
      if (isLast && outcome === "complete") return this.#deliver(this.#filter.rest());
      await this.#pause(isLast ? retryMs : Math.max(snapshotMs, pauseForLook * (performance.now() - beganMs)));
    }
  }

  /** One stream from the last delivered line on, or one look at what there is. */
  async #read({ follow }: { readonly follow: boolean }): Promise<"complete" | "broken" | "over"> {
    const { read, sinceSeconds } = this.#options;
    const { endGraceMs, walkGraceMs } = this.#intervals;
    const from = this.#mark?.atSeconds ?? sinceSeconds;
    const nowSeconds = Math.floor(Date.now() / 1000);
    // With a clock that was set back nobody can tell what is old.
    this.#filter = new RepeatFilter(this.#mark, from !== undefined && from <= nowSeconds ? from : undefined);
    const openedAtMs = performance.now();
    this.#walkMs = 0;
    this.#reading = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#reading.signal]);
    this.#awaitLines(from === undefined ? endGraceMs : walkGraceMs);
    try {
      for await (const lines of read(
        { follow, sinceSeconds: from === undefined ? undefined : Math.min(from, nowSeconds - oldEnoughSeconds) },
        signal,
      )) {
        this.#awaitLines(undefined);
        if (from !== undefined) this.#walkMs ||= performance.now() - openedAtMs;
        this.#seenLines += lines.length;
        await this.#deliver(this.#filter.push(lines));
        if (performance.now() - this.#deliveredAtMs < gatherMs) await sleep(gatherMs, undefined, { signal: this.#stop.signal });
        this.#deliveredAtMs = performance.now();
        this.#awaitLines(endGraceMs);
      }
      return "complete";
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      return this.#judgeFailure(error);
    } finally {
      this.#awaitLines(undefined);
    }
  }

  #judgeFailure(error: unknown): "broken" | "over" {
    const { logger, onTrouble } = this.#options;
    if (this.#reading.signal.aborted) {
      onTrouble("never-ended");
      return "over";
    }
    if (!(error instanceof LibpodError)) throw error;
    if (error.code === "not-found") {
      if (this.#ending.signal.aborted) return "over";
      throw error;
    }
    if (this.#follows && isNotFollowable(error)) {
      this.#follows = false;
      onTrouble("not-followed");
    }
    logger.debug("the log stream of the task's journal broke off; opening it again", { error: String(error) });
    return "broken";
  }

  /** The stream is waited for, and may be silent for so long if the container has ended; undefined: it is not waited for. */
  #awaitLines(silenceMs: number | undefined): void {
    this.#silenceMs = silenceMs;
    clearTimeout(this.#endTimer);
    if (silenceMs === undefined || !this.#ending.signal.aborted || this.#stop.signal.aborted) return;
    this.#endTimer = setTimeout(() => this.#reading.abort(), silenceMs);
  }

  async #deliver(lines: readonly LoggedLine[]): Promise<void> {
    if (lines.length === 0) return;
    const { sinks, position } = this.#options;
    const [out, err] = [gather(lines, "stdout"), gather(lines, "stderr")];
    await Promise.all([
      out.length > 0 ? sinks.stdout.write([out], this.#stop.signal) : undefined,
      err.length > 0 ? sinks.stderr.write([err], this.#stop.signal) : undefined,
    ]);
    this.#delivered += lines.length;
    this.#mark = this.#filter.markAfter(lines);
    if (this.#mark !== undefined) position.saveJournal({ mark: this.#mark, files: sinks.filePositions() });
  }

  /** Ends early when the container does. */
  async #pause(pauseMs: number): Promise<void> {
    const stop = this.#stop.signal;
    if (this.#ending.signal.aborted) await sleep(Math.min(pauseMs, this.#intervals.retryMs), undefined, { signal: stop });
    else await sleep(pauseMs, undefined, { signal: AbortSignal.any([stop, this.#ending.signal]) }).catch(() => stop.throwIfAborted());
  }
}

/** Podman's refusal where it keeps its events in a file or nowhere (podman 4.3). */
function isNotFollowable(error: LibpodError): boolean {
  return error.code === "engine-error" && (error.podmanMessage ?? "").includes("journald --events-backend");
}

function gather(lines: readonly LoggedLine[], stream: LoggedLine["stream"]): Uint8Array {
  return Buffer.concat(lines.filter((line) => line.stream === stream).map(({ bytes }) => bytes));
}
