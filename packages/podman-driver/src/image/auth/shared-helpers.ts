import type { RegistryLogin } from "@driver/libpod";
import { SharedOutcome } from "../../shared-outcome.ts";
import { askHelper } from "./credential-helper.ts";

interface RunningHelper {
  readonly outcome: SharedOutcome<RegistryLogin | undefined>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Credential helpers that run, each for all pulls that ask it for the same registry: often many images of one come at once. What a helper
 * has said is given to those who wait and is not kept.
 */
export class SharedHelpers {
  readonly #running = new Map<string, RunningHelper>();

  /** As `askHelper`; the program is ended when nobody waits for it any more. */
  async ask(name: string, server: string, signal: AbortSignal): Promise<RegistryLogin | undefined> {
    signal.throwIfAborted();
    const key = JSON.stringify([name, server]);
    const running = this.#running.get(key) ?? this.#start(key, name, server);
    running.waiting += 1;
    try {
      return await running.outcome.wait(signal);
    } finally {
      running.waiting -= 1;
      if (running.waiting === 0) {
        this.#forget(key, running);
        running.stop.abort(new Error("nobody waits for this helper any more"));
      }
    }
  }

  #start(key: string, name: string, server: string): RunningHelper {
    const stop = new AbortController();
    const work = askHelper(name, server, { signal: stop.signal });
    const running: RunningHelper = { outcome: new SharedOutcome(work), stop, waiting: 0 };
    this.#running.set(key, running);
    const forget = (): void => this.#forget(key, running);
    work.then(forget, forget);
    return running;
  }

  /** Whoever asks from now on has it run again. */
  #forget(key: string, running: RunningHelper): void {
    if (this.#running.get(key) === running) this.#running.delete(key);
  }
}
