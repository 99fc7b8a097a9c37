/**
 * One slow timer for everything that wants a look now and then: a net below event-driven code, never its engine.
 * Does not keep the process alive.
 */
export class Heartbeat {
  readonly #listeners = new Set<() => void>();
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs = 2000) {
    this.#intervalMs = intervalMs;
  }

  /** Returns the way to end the subscription. */
  subscribe(listener: () => void): () => void {
    // A function of its own per subscription: the same listener may subscribe twice.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    this.#timer ??= setInterval(this.#beat, this.#intervalMs).unref();
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#stop();
  }

  readonly #beat = (): void => {
    for (const listener of this.#listeners) listener();
  };

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
