import type { TemplateSurroundings } from "../../template/functions/host-functions.ts";
import { ChangeListeners } from "../change-listeners.ts";
import type { Changing } from "../change-listeners.ts";

type Variables = TemplateSurroundings["variables"];

/** Nomad's variables for templates, as they are at present: their items, by path. */
export class VariableStore implements Changing {
  readonly #listeners = new ChangeListeners();
  #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  all(): Variables {
    return this.#variables;
  }

  replace(variables: Variables): void {
    this.#variables = variables;
    this.#listeners.tell();
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.onChange(listener);
  }
}
