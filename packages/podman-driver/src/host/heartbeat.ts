import type { RepeatedFailure } from "../repeated-failure.ts";

/**
 * One slow timer for everything that wants a look now and then: a net below event-driven code, never its engine.
 * Does not keep the process alive.
 */
export class Heartbeat {
  readonly #listeners = new Set<() => void>();
  readonly #failure: RepeatedFailure;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** `failure` is told what listeners throw. */
  constructor(failure: RepeatedFailure, intervalMs = 2000) {
    this.#failure = failure;
    this.#intervalMs = intervalMs;
  }

  /**
   * Returns the way to end the subscription. A listener that throws is called again at the next beat: it is the last net
   * of a task, and what is broken, such as a folder, may be mended by then.
   */
  subscribe(listener: () => void): () => void {
    // A function of its own per subscription: the same listener may subscribe twice.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    this.#timer ??= setInterval(this.#beat, this.#intervalMs).unref();
    return () => {
      this.#listeners.delete(entry);
      this.#failure.forget(entry);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  readonly #beat = (): void => {
    for (const listener of this.#listeners) {
      this.#failure.attempt(listener, listener);
      if (!this.#listeners.has(listener)) this.#failure.forget(listener);
    }
  };

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
