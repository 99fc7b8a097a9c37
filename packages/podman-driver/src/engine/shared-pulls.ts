import { SharedOutcome } from "../shared-outcome.ts";

/** What a pull tells those who wait for it. */
export type PullListener = (message: string) => void;

interface RunningPull {
  readonly outcome: SharedOutcome<string>;
  readonly stop: AbortController;
  readonly listeners: Set<PullListener>;
}

/** Pulls of one engine that are in hand, each for all who want the same. One that nobody waits for any more is broken off. */
export class SharedPulls {
  readonly #running = new Map<string, RunningPull>();

  /**
   * Gives the outcome of the pull that `key` names, which `begin` starts unless it is under way. Rejects with the signal's reason when
   * that comes first.
   */
  async join(
    key: string,
    begin: (tell: PullListener, signal: AbortSignal) => Promise<string>,
    listener: PullListener,
    signal: AbortSignal,
  ): Promise<string> {
    signal.throwIfAborted();
    const pull = this.#running.get(key) ?? this.#start(key, begin);
    pull.listeners.add(listener);
    try {
      return await pull.outcome.wait(signal);
    } finally {
      pull.listeners.delete(listener);
      if (pull.listeners.size === 0) this.#end(key, pull);
    }
  }

  #start(key: string, begin: (tell: PullListener, signal: AbortSignal) => Promise<string>): RunningPull {
    const stop = new AbortController();
    const listeners = new Set<PullListener>();
    const tell = (message: string): void => {
      for (const listener of listeners) listener(message);
    };
    const work = begin(tell, stop.signal);
    const pull = { outcome: new SharedOutcome(work), stop, listeners };
    this.#running.set(key, pull);
    const forget = (): void => this.#forget(key, pull);
    work.then(forget, forget);
    return pull;
  }

  /** Whoever comes now needs a pull of his own. */
  #end(key: string, pull: RunningPull): void {
    this.#forget(key, pull);
    pull.stop.abort(new Error("nobody waits for this image any more"));
  }

  #forget(key: string, pull: RunningPull): void {
    if (this.#running.get(key) === pull) this.#running.delete(key);
  }
}
