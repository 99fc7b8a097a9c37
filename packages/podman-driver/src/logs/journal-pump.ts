import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError, type LoggedLine, type LogOptions } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { advanceMark, RepeatFilter, type JournalMark } from "./journal-cursor.ts";
import type { JournalProgress, LogPosition } from "./log-position.ts";
import type { LogSinks } from "./open-log-sinks.ts";

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
  /** Tells the task's owner, once for each reason, why output comes late or not at all. */
  onTrouble(trouble: JournalTrouble): void;
  /** The followed log has ended: so has the container, or Podman's service. */
  onEnd(): void;
}

export type JournalTrouble =
  /** Podman keeps its events elsewhere and does not follow the journal: it is read every `snapshotMs`. */
  | "not-followed"
  /** The container has ended and the journal does not say so. */
  | "never-ended";

export interface JournalIntervals {
  /** First pause before a log that broke off is opened again; it doubles up to `retryMostMs`. Default 250. */
  readonly retryMs: number;
  /** Default 5000. */
  readonly retryMostMs: number;
  /** Pause between two looks where the journal cannot be followed. Default 5000. */
  readonly snapshotMs: number;
  /** When the container has ended, the journal may be silent for this long before its end comes. Default 3000. */
  readonly endGraceMs: number;
  /** Where the journal cannot be followed, what the container wrote last is in it after this time. Default 500. */
  readonly settleMs: number;
}

const defaultIntervals: JournalIntervals = { retryMs: 250, retryMostMs: 5000, snapshotMs: 5000, endGraceMs: 3000, settleMs: 500 };

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
  readonly #told = new Set<JournalTrouble>();
  #mark: JournalMark | undefined;
  #delivered = 0;
  #follows = true;
  /** Ends the open stream. */
  #reading = new AbortController();
  /** True while the stream is waited for: a slow reader of the task's logs is not the journal's silence. */
  #isWaiting = false;
  /** Ends the stream when it is silent after the container's end. */
  #endTimer: NodeJS.Timeout | undefined;

  constructor(options: JournalPumpOptions) {
    this.#options = options;
    this.#intervals = { ...defaultIntervals, ...options.intervals };
    this.#mark = options.progress?.mark;
    this.#finished = this.#run();
    // `drain` and `close` look at the outcome.
    this.#finished.catch(() => undefined);
  }

  /** The container has ended: settles when all that the journal has of it is delivered. Rejects when a log cannot be written. */
  drain(): Promise<void> {
    this.#ending.abort();
    this.#awaitEnd(this.#isWaiting);
    return this.#finished;
  }

  /** Ends at once. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the journal pump was closed"));
    clearTimeout(this.#endTimer);
    await this.#finished.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { retryMs, retryMostMs, snapshotMs, settleMs } = this.#intervals;
    for (let pauseMs = retryMs, isSettled = false; ; ) {
      const before = this.#delivered;
      const wasEnding = this.#ending.signal.aborted;
      const follows = this.#follows;
      const outcome = await this.#readOnce(follows);
      if (outcome === "gone") return;
      if (outcome === "complete" && this.#ending.signal.aborted) {
        // A service that stops ends its streams as a container does, so the end counts when there is nothing behind it.
        if (wasEnding && this.#delivered === before && (follows || isSettled)) return;
        // Without the end of the container in the journal, its last lines may just be on their way.
        if (!follows && !isSettled) await sleep(settleMs, undefined, { signal: this.#stop.signal });
        isSettled = true;
        continue;
      }
      if (follows !== this.#follows) continue;
      pauseMs = this.#delivered > before ? retryMs : Math.min(pauseMs * 2, retryMostMs);
      await this.#pause(this.#follows || outcome !== "complete" ? pauseMs : snapshotMs);
    }
  }

  /** One stream from the last delivered line on, or one look at what there is. */
  async #readOnce(follow: boolean): Promise<"complete" | "broken" | "gone"> {
    const { read, sinceSeconds, logger } = this.#options;
    const filter = new RepeatFilter(this.#mark);
    this.#reading = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, this.#reading.signal]);
    this.#awaitEnd(true);
    try {
      for await (const lines of read({ follow, sinceSeconds: this.#mark?.atSeconds ?? sinceSeconds }, signal)) {
        this.#awaitEnd(false);
        await this.#deliver(filter.push(lines));
        this.#awaitEnd(true);
      }
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      if (this.#reading.signal.aborted) return this.#giveUpFollowing("never-ended");
      if (!(error instanceof LibpodError)) throw error;
      if (error.code === "not-found") return "gone";
      if (isNotFollowable(error)) return this.#giveUpFollowing("not-followed");
      logger.debug("the log stream of the task's journal broke off; opening it again", { error: String(error) });
      return "broken";
    } finally {
      this.#awaitEnd(false);
    }
    if (this.#ending.signal.aborted) await this.#deliver(filter.rest());
    else if (follow) this.#options.onEnd();
    return "complete";
  }

  #giveUpFollowing(trouble: JournalTrouble): "broken" {
    this.#follows = false;
    if (!this.#told.has(trouble)) this.#options.onTrouble(trouble);
    this.#told.add(trouble);
    return "broken";
  }

  #awaitEnd(isWaiting: boolean): void {
    this.#isWaiting = isWaiting;
    clearTimeout(this.#endTimer);
    if (!isWaiting || !this.#ending.signal.aborted || !this.#follows || this.#stop.signal.aborted) return;
    this.#endTimer = setTimeout(() => this.#reading.abort(), this.#intervals.endGraceMs);
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
    this.#mark = lines.reduce(advanceMark, this.#mark);
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
