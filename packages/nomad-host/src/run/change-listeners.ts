/** Something that says when it has changed. */
export interface Changing {
  /** Calls `listener` after each change, until what is returned is called. */
  onChange(listener: () => void): () => void;
}

/** Those who want to know of changes. */
export class ChangeListeners implements Changing {
  readonly #listeners = new Set<() => void>();

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
