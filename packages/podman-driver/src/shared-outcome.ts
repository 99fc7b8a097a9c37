/** The outcome of long work for any number of waiters. One who leaves leaves nothing behind, however long the work goes on. */
export class SharedOutcome<T> {
  readonly #settlers = new Set<() => void>();
  #outcome: Promise<T> | undefined;

  constructor(work: Promise<T>) {
    const settle = (): void => {
      this.#outcome = work;
      for (const settler of this.#settlers) settler();
      this.#settlers.clear();
    };
    work.then(settle, settle);
  }

  /** Settles as the work does; rejects with the signal's reason when that comes first. */
  async wait(signal: AbortSignal): Promise<T> {
    while (this.#outcome === undefined) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const leave = (): void => {
          this.#settlers.delete(settler);
          resolve();
        };
        const settler = (): void => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        this.#settlers.add(settler);
        signal.addEventListener("abort", leave, { once: true });
      });
    }
    return this.#outcome;
  }
}
