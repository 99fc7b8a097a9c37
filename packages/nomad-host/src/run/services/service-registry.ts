import type { FoundService } from "../../template/functions/host-functions.ts";
import { ChangeListeners } from "../change-listeners.ts";
import type { Changing } from "../change-listeners.ts";

/** The services of one run that are there at present. */
export class ServiceRegistry implements Changing {
  readonly #homes = new Map<string, readonly FoundService[]>();
  readonly #listeners = new ChangeListeners();

  all(): readonly FoundService[] {
    return [...this.#homes.values()].flat();
  }

  /** Notes the services of a group or task, called by a name of its own; an empty list takes them away. */
  set(home: string, services: readonly FoundService[]): void {
    if (services.length === 0 && !this.#homes.has(home)) return;
    if (services.length === 0) this.#homes.delete(home);
    else this.#homes.set(home, services);
    this.#listeners.tell();
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.onChange(listener);
  }
}
