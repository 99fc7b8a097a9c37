import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";

/** The collection of one container's output, under way. */
export interface OpenLogs {
  /** The container has ended: settles when its output is delivered. Rejects when it cannot be. */
  drain(): Promise<void>;
  /** Grows while output comes; absent where that says nothing. */
  progress?(): number;
  /** Ends at once and lets go of everything. */
  close(): Promise<void>;
}

export interface TaskLogsOptions {
  /** For messages. */
  readonly taskId: string;
  open(): Promise<OpenLogs>;
  readonly logger: Logger;
}

/** Collects a task's output for as long as the container runs. A failure here never fails the task. */
export class TaskLogs {
  readonly #options: TaskLogsOptions;
  readonly #opened: Promise<OpenLogs | undefined>;

  constructor(options: TaskLogsOptions) {
    this.#options = options;
    this.#opened = this.#open();
  }

  /**
   * The container has ended: settles when its output is delivered, or with a warning when it has not come on for `timeoutMs`,
   * or has come on for `mostMs` and not to an end.
   */
  async drain({ timeoutMs, mostMs }: { readonly timeoutMs: number; readonly mostMs: number }): Promise<void> {
    const logs = await this.#opened;
    if (logs === undefined) return;
    const deadlineMs = performance.now() + mostMs;
    const late = new AbortController();
    try {
      const drained = logs.drain().then(() => true);
      for (let before = logs.progress?.(); ; before = logs.progress?.()) {
        if (await Promise.race([drained, sleep(timeoutMs, false, { signal: late.signal })])) return;
        if (logs.progress?.() === before || performance.now() > deadlineMs) break;
      }
      this.#warn("its last output was not read in time and is lost");
    } catch (error) {
      this.#warn("its last output is lost", error);
    } finally {
      late.abort();
    }
  }

  async close(): Promise<void> {
    const logs = await this.#opened;
    await logs?.close();
  }

  async #open(): Promise<OpenLogs | undefined> {
    try {
      return await this.#options.open();
    } catch (error) {
      this.#warn("its output cannot be collected", error);
      return undefined;
    }
  }

  #warn(what: string, error?: unknown): void {
    this.#options.logger.warn(`logs of task ${this.#options.taskId}: ${what}`, error === undefined ? {} : { error: String(error) });
  }
}
