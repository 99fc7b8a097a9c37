interface Waiting {
  readonly isAlone: boolean;
  grant(): void;
}

/**
 * Who may have a Podman service touch its storage: starts side by side, and a create that wants it so alone, in the order in which
 * they came.
 *
 * Podman before 4.4 locks up, for good and for all who ask it, when it counts the ids that an image needs for a user namespace while
 * it mounts the root of another container (https://github.com/containers/podman/issues/16062; seen with 4.3.1).
 */
export class StorageTurns {
  readonly #waiting: Waiting[] = [];
  #starts = 0;
  #isTaken = false;

  /** Settles with the turn, which lasts until it is disposed. Rejects with the signal's reason. */
  begin(isAlone: boolean, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      reject(signal.reason);
      this.#grantNext();
    };
    const waiting: Waiting = {
      isAlone,
      grant: () => {
        signal.removeEventListener("abort", leave);
        if (isAlone) this.#isTaken = true;
        else this.#starts += 1;
        resolve({ [Symbol.dispose]: () => this.#end(isAlone) });
      },
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.push(waiting);
    this.#grantNext();
    return promise;
  }

  #end(isAlone: boolean): void {
    if (isAlone) this.#isTaken = false;
    else this.#starts -= 1;
    this.#grantNext();
  }

  #grantNext(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (this.#isTaken || (next.isAlone && this.#starts > 0)) return;
      this.#waiting.shift();
      next.grant();
    }
  }
}
