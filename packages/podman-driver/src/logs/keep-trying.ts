import { setTimeout as sleep } from "node:timers/promises";

export interface KeepTryingOptions {
  readonly pauseMs: number;
  readonly signal: AbortSignal;
  /** Told of each failure. */
  onFailure(error: unknown): void;
}

/** Does `work` again until it does not throw. Settles with what it gives; rejects only with the signal's reason. */
export async function keepTrying<T>(work: () => T, { pauseMs, signal, onFailure }: KeepTryingOptions): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return work();
    } catch (error) {
      onFailure(error);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
