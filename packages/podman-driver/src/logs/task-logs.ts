import { setTimeout as sleep } from "node:timers/promises";
import { BackOff } from "../back-off.ts";
import type { LogTroubles } from "./log-troubles.ts";
import { pauseForRetry } from "./pause-for-retry.ts";

/** The carrying of a container's output, under way. */
export interface LogRun {
  /** Settles when the container has ended and its output is delivered. Rejects as soon as that cannot be. */
  readonly finished: Promise<void>;
  /** The container has ended. */
  drain(): unknown;
  /** Ends at once; `finished` rejects. Never rejects. */
  close(): Promise<void>;
}

/** Carries one container's output from where it is kept to where it goes; one run at a time. */
export interface LogCarrier {
  /**
   * Opens what is not open yet and goes on where an earlier run ended. Rejects when something cannot be opened, and when the
   * signal fires.
   */
  start(signal: AbortSignal): Promise<LogRun>;
  /** Grows while output comes. */
  readonly progress: number;
  /** The container has ended, and all is delivered that will be. */
  finish(): void;
  /** Lets go of everything; no run is under way. Never rejects. */
  close(): Promise<void>;
}

export interface TaskLogsOptions {
  readonly carrier: LogCarrier;
  readonly troubles: LogTroubles;
  readonly intervals?: Partial<TaskLogsIntervals>;
}

export interface TaskLogsIntervals {
  /** First pause before another try; it doubles up to `retryMostMs`, and begins anew when output has come. Default 250. */
  readonly retryMs: number;
  /** Default 10,000. */
  readonly retryMostMs: number;
  /** A run that has lasted so long has put an end to the trouble before it. Default 1000. */
  readonly settledMs: number;
}

const defaultIntervals: TaskLogsIntervals = { retryMs: 250, retryMostMs: 10_000, settledMs: 1000 };
/** Names what this is about in `LogTroubles`. */
const part = "output";

/**
 * Collects a task's output for as long as the container runs: whatever fails is told and tried again. A failure here never
 * fails the task.
 */
export class TaskLogs {
  readonly #options: TaskLogsOptions;
  readonly #intervals: TaskLogsIntervals;
  readonly #stop = new AbortController();
  /** Fires when the container has ended. */
  readonly #ending = new AbortController();
  readonly #finished: Promise<void>;
  #run: LogRun | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(options: TaskLogsOptions) {
    this.#options = options;
    this.#intervals = { ...defaultIntervals, ...options.intervals };
    this.#finished = this.#live();
  }

  /**
   * The container has ended: settles when its output is delivered, or with a warning when it has not come on for `timeoutMs`,
   * or has come on for `mostMs` and not to an end.
   */
  async drain({ timeoutMs, mostMs }: { readonly timeoutMs: number; readonly mostMs: number }): Promise<void> {
    const { carrier, troubles } = this.#options;
    const deadlineMs = performance.now() + mostMs;
    const late = new AbortController();
    this.#ending.abort();
    this.#run?.drain();
    const finished = this.#finished.then(() => true);
    try {
      for (let before = carrier.progress; ; before = carrier.progress) {
        if (await Promise.race([finished, sleep(timeoutMs, false, { signal: late.signal })])) return;
        if (carrier.progress === before || performance.now() > deadlineMs) break;
      }
      troubles.raise("last output", "the last output could not be delivered in time and is lost");
    } finally {
      late.abort();
      carrier.finish();
    }
  }

  /** Ends at once and lets go of everything. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the task's logs were closed"));
    await this.#run?.close();
    await this.#finished;
    await this.#options.carrier.close();
  }

  /** Settles when the output is delivered, or after `close`. All that waits while a run goes on. */
  async #live(): Promise<void> {
    const { carrier, troubles } = this.#options;
    const { retryMs, retryMostMs } = this.#intervals;
    const backOff = new BackOff({ shortestMs: retryMs, longestMs: retryMostMs });
    while (!this.#stop.signal.aborted) {
      const before = carrier.progress;
      let failure: { readonly error: unknown } | undefined;
      try {
        await (await this.#start()).finished;
        if (!this.#ending.signal.aborted) failure = { error: new Error("the collection came to an end, and the container has not") };
      } catch (error) {
        failure = { error };
      }
      await this.#endRun();
      if (this.#stop.signal.aborted) return;
      if (failure === undefined) return troubles.clear(part);
      troubles.raise(part, "the output cannot be collected; trying again", failure.error);
      if (carrier.progress > before) backOff.reset();
      await pauseForRetry(backOff, { stop: this.#stop.signal, ending: this.#ending.signal }).catch(() => undefined);
    }
  }

  /** @throws the signal's reason when it was closed meanwhile */
  async #start(): Promise<LogRun> {
    const { carrier, troubles } = this.#options;
    const run = (this.#run = await carrier.start(this.#stop.signal));
    this.#stop.signal.throwIfAborted();
    if (this.#ending.signal.aborted) run.drain();
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      troubles.clear(part);
    }, this.#intervals.settledMs);
    return run;
  }

  async #endRun(): Promise<void> {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    await this.#run?.close();
    this.#run = undefined;
  }
}
