import { setTimeout as delay } from "node:timers/promises";

import type { TaskTemplate } from "../../job/job.ts";
import type { Changing } from "../change-listeners.ts";
import type { TaskPreparation } from "./task-preparation.ts";

/** Changes that come together are looked at once. */
const gatherMs = 100;

export interface TemplateWatchOptions {
  readonly preparation: TaskPreparation;
  /** What the templates look into. */
  readonly sources: readonly Changing[];
  /** Told the templates that have come to another text; must not reject. */
  readonly onChange: (changed: readonly TaskTemplate[], signal: AbortSignal) => Promise<void>;
  /** Told what went wrong with them. */
  readonly onFailure: (error: unknown) => Promise<void>;
}

/** Renders the templates of a running task again when what they look into changes, until it is disposed. */
export class TemplateWatch implements AsyncDisposable {
  readonly #options: TemplateWatchOptions;
  readonly #closing = new AbortController();
  readonly #unlisten: readonly (() => void)[];
  #isStale = false;
  #running: Promise<void> | undefined;

  constructor(options: TemplateWatchOptions) {
    this.#options = options;
    this.#unlisten = options.sources.map((source) => source.onChange(() => this.#look()));
    // What changed while the task was started is not overlooked.
    this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    this.#closing.abort();
    await this.#running;
  }

  #look(): void {
    this.#isStale = true;
    this.#running ??= this.#refresh().finally(() => (this.#running = undefined));
  }

  async #refresh(): Promise<void> {
    const { preparation, onChange, onFailure } = this.#options;
    const { signal } = this.#closing;
    while (this.#isStale && !signal.aborted) {
      await delay(gatherMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#isStale = false;
      try {
        const changed = (await preparation.refresh()).filter(({ isOnce }) => !isOnce);
        if (changed.length > 0) await onChange(changed, signal);
      } catch (error) {
        await onFailure(error);
      }
    }
  }
}
