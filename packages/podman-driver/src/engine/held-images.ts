/** Keeps the images that are added until it is disposed. */
export interface ImageHold extends Disposable {
  /** `id` as in Podman's list of images. */
  add(id: string): void;
}

/** Images of one engine of which starts are about to make containers. Podman does not count those as used before it has made them. */
export class HeldImages {
  readonly #holds = new Set<ReadonlySet<string>>();

  begin(): ImageHold {
    const ids = new Set<string>();
    this.#holds.add(ids);
    return { add: (id) => void ids.add(id), [Symbol.dispose]: () => void this.#holds.delete(ids) };
  }

  /** IDs of all that is held now. */
  list(): readonly string[] {
    return [...this.#holds].flatMap((ids) => [...ids]);
  }
}
