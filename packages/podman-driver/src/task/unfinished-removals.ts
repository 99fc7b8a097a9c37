import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { Logger } from "@driver/nomad-plugin";

/** The first is before the second try. */
export const defaultRemovalPauses: BackOffLimits = { shortestMs: 2000, longestMs: 60_000 };

/**
 * Tasks whose container Podman did not let go of when Nomad had them destroyed. Nomad logs that and does not ask again
 * (nomad: task runner), so the plugin goes on trying for as long as it lives; a later one has the dangling reaper.
 */
export class UnfinishedRemovals {
  readonly #logger: Logger;
  readonly #pauses: BackOffLimits;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(logger: Logger, pauses = defaultRemovalPauses) {
    this.#logger = logger;
    this.#pauses = pauses;
  }

  /** Repeats `remove` until it succeeds. A task that is being tried already is left to that. */
  add(taskId: string, remove: (signal: AbortSignal) => Promise<void>): void {
    if (this.#stop.signal.aborted || this.#underWay.has(taskId)) return;
    const trying = this.#try(taskId, remove).finally(() => this.#underWay.delete(taskId));
    this.#underWay.set(taskId, trying);
  }

  /** Settles when nothing is tried any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the driver was closed"));
    await Promise.all(this.#underWay.values());
  }

  async #try(taskId: string, remove: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    for (const backOff = new BackOff(this.#pauses); ; ) {
      const pauseMs = backOff.nextMs;
      await backOff.pause(signal, { holdsProcess: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await remove(signal);
        this.#logger.info("container removed that Podman had held on to", { task: taskId });
        return;
      } catch (error) {
        if (!signal.aborted) this.#report(taskId, error, pauseMs);
      }
    }
  }

  /** Once for the operator, when it is no passing thing any more. */
  #report(taskId: string, error: unknown, pauseMs: number): void {
    const { longestMs } = this.#pauses;
    const becomesLong = pauseMs < longestMs && 2 * pauseMs >= longestMs;
    this.#logger[becomesLong ? "warn" : "debug"]("container still cannot be removed; it is tried again", { task: taskId, error: String(error) });
  }
}
