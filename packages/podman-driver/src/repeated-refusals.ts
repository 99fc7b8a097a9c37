import type { LogFields, Logger } from "@driver/nomad-plugin";

/**
 * Tells of things that are to go and do not, look after look: the first time and with each other reason at warn, repetitions at debug.
 * The looks at several places, such as engines, are apart from each other.
 */
export class RepeatedRefusals<P> {
  readonly #logger: Pick<Logger, "debug" | "warn">;
  readonly #message: string;
  /** By place, what was said of each thing there. */
  readonly #said = new Map<P, Map<string, string>>();

  /** `message`: what does not go, as a whole sentence of the log. */
  constructor(logger: Pick<Logger, "debug" | "warn">, message: string) {
    this.#logger = logger;
    this.#message = message;
  }

  /** The thing has not gone for this reason; `fields`: what else the operator should know of it. */
  tell(place: P, id: string, reason: string, fields: LogFields): void {
    const said = this.#said.get(place) ?? new Map<string, string>();
    this.#said.set(place, said);
    const isNew = said.get(id) !== reason;
    said.set(id, reason);
    this.#logger[isNew ? "warn" : "debug"](this.#message, { ...fields, error: reason });
  }

  /** Only these are to go from this place now: nothing is kept of the others. */
  keepOnly(place: P, ids: readonly string[]): void {
    const said = this.#said.get(place);
    for (const id of said?.keys() ?? []) if (!ids.includes(id)) said?.delete(id);
  }
}
