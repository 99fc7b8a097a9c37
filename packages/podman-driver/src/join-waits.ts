/** Which starts wait at this moment for which other task, so that those are found that wait for each other. One for all tasks. */
export class JoinWaits {
  /** Names of containers: the one to be started, and the one it waits for. */
  readonly #waits = new Map<string, string>();

  /** Lasts until it is disposed. */
  begin(container: string, awaited: string): Disposable {
    this.#waits.set(container, awaited);
    return { [Symbol.dispose]: () => void this.#waits.delete(container) };
  }

  /** The containers from one on, each waiting for the next, whose last waits for the first; undefined: it waits in no circle. */
  findCircle(container: string): readonly string[] | undefined {
    const way = [container];
    for (let next = this.#waits.get(container); next !== undefined; next = this.#waits.get(next)) {
      if (next === container) return way;
      // Others wait for each other, and this one for one of them.
      if (way.includes(next)) return undefined;
      way.push(next);
    }
    return undefined;
  }
}
