/** Wakes the one who waits. A ring that comes while nobody waits is kept, and ends the next wait at once; many count as one. */
export class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.#hasRung = true;
    this.#wake?.();
  };

  /** Settles at the ring, or after `timeoutMs` with false; rejects with the signal's reason. Does not keep the process alive. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (!this.#hasRung) await this.#pause(timeoutMs, signal);
    signal.throwIfAborted();
    const hasRung = this.#hasRung;
    this.#hasRung = false;
    return hasRung;
  }

  async #pause(timeoutMs: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, timeoutMs).unref();
      signal.addEventListener("abort", this.#stop, { once: true });
    });
    try {
      await woken;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", this.#stop);
      this.#wake = undefined;
    }
  }

  readonly #stop = (): void => this.#wake?.();
}
