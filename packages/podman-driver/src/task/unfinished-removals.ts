import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { Logger } from "@driver/nomad-plugin";

/** The first is before the second try. */
export const defaultRemovalPauses: BackOffLimits = { shortestMs: 2000, longestMs: 60_000 };

/** What a removal that did not work at once is given. */
export interface RemovalFacts {
  readonly remove: (signal: AbortSignal) => Promise<void>;
  /** Ids of the containers that have to go first, as Podman says. */
  readonly holders: readonly string[];
}

interface Removal extends RemovalFacts {
  /** Ends the pause before the next try. */
  hurry: AbortController;
  /** Settles after the next try. */
  tried: PromiseWithResolvers<void>;
}

/**
 * Tasks whose container Podman did not let go of when Nomad had them destroyed. Nomad logs that and does not ask again
 * (nomad: task runner), so the plugin goes on trying for as long as it lives; a later one has the dangling reaper.
 */
export class UnfinishedRemovals {
  readonly #logger: Logger;
  readonly #pauses: BackOffLimits;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<string, { readonly removal: Removal; readonly trying: Promise<void> }>();

  constructor(logger: Logger, pauses = defaultRemovalPauses) {
    this.#logger = logger;
    this.#pauses = pauses;
  }

  /** Repeats `remove` until it succeeds. A task that is being tried already is left to that. */
  add(taskId: string, facts: RemovalFacts): void {
    if (this.#stop.signal.aborted || this.#underWay.has(taskId)) return;
    const removal: Removal = { ...facts, hurry: new AbortController(), tried: Promise.withResolvers() };
    const trying = this.#try(taskId, removal).finally(() => {
      this.#underWay.delete(taskId);
      removal.tried.resolve();
    });
    this.#underWay.set(taskId, { removal, trying });
  }

  /** Now that this container is gone, tries those that it held. Settles when each has been tried once. */
  async tryHeldBy(containerId: string): Promise<void> {
    const held = [...this.#underWay.values()].filter(({ removal }) => removal.holders.includes(containerId));
    await Promise.all(
      held.map(({ removal }) => {
        removal.hurry.abort();
        return removal.tried.promise;
      }),
    );
  }

  /** Settles when nothing is tried any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the driver was closed"));
    await Promise.all([...this.#underWay.values()].map(({ trying }) => trying));
  }

  async #try(taskId: string, removal: Removal): Promise<void> {
    const { signal } = this.#stop;
    for (const backOff = new BackOff(this.#pauses); ; ) {
      const pauseMs = backOff.nextMs;
      await backOff.pause(AbortSignal.any([signal, removal.hurry.signal]), { holdsProcess: false }).catch(() => undefined);
      if (signal.aborted) return;
      const { tried } = removal;
      removal.hurry = new AbortController();
      removal.tried = Promise.withResolvers();
      try {
        await removal.remove(signal);
        this.#logger.info("container removed that Podman had held on to", { task: taskId });
        return;
      } catch (error) {
        if (!signal.aborted) this.#report(taskId, error, pauseMs);
      } finally {
        tried.resolve();
      }
    }
  }

  /** Once for the operator, when it is no passing thing any more. */
  #report(taskId: string, error: unknown, pauseMs: number): void {
    const { longestMs } = this.#pauses;
    const becomesLong = pauseMs < longestMs && 2 * pauseMs >= longestMs;
    this.#logger[becomesLong ? "warn" : "debug"]("container still cannot be removed; it is tried again", {
      task: taskId,
      error: String(error),
    });
  }
}
