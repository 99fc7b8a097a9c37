import type { FoundService } from "../../template/functions/host-functions.ts";

/** The services of one run that are there at present. */
export class ServiceRegistry {
  readonly #homes = new Map<string, readonly FoundService[]>();
  readonly #listeners = new Set<() => void>();

  all(): readonly FoundService[] {
    return [...this.#homes.values()].flat();
  }

  /** Notes the services of a group or task, called by a name of its own; an empty list takes them away. */
  set(home: string, services: readonly FoundService[]): void {
    if (services.length === 0 && !this.#homes.has(home)) return;
    if (services.length === 0) this.#homes.delete(home);
    else this.#homes.set(home, services);
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change, until what is returned is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
