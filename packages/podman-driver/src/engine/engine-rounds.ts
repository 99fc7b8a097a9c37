import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import { RepeatedFailure } from "../repeated-failure.ts";
import type { Engine } from "./engine.ts";

export interface EngineRoundsOptions<E> {
  /** What is looked for, such as "unused images". */
  readonly subject: string;
  readonly engines: readonly E[];
  /** Before each round. */
  readonly pauseMs: number;
  /** False: this round is left out. Default: none is. */
  readonly isDue?: () => boolean;
  /**
   * One look at one engine. Its failure is told in the log, once for as long as it stays the same, and the next round comes all the
   * same.
   */
  look(engine: E, signal: AbortSignal): Promise<void>;
  readonly logger: Logger;
}

/** Looks at all engines, again and again, from its making until `close`. Keeps no process alive. */
export class EngineRounds<E extends Pick<Engine, "socketPath"> = Engine> {
  readonly #options: EngineRoundsOptions<E>;
  readonly #stop = new AbortController();
  readonly #failures: ReadonlyMap<E, RepeatedFailure>;
  readonly #ended: Promise<void>;

  constructor(options: EngineRoundsOptions<E>) {
    const { engines, subject, logger } = options;
    this.#options = options;
    const failureOf = ({ socketPath: socket }: E): RepeatedFailure =>
      new RepeatedFailure(logger.with({ socket }), `${subject} cannot be looked for`);
    this.#failures = new Map(engines.map((engine) => [engine, failureOf(engine)]));
    this.#ended = this.#run();
  }

  /** Settles when no look is under way any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error(`the search for ${this.#options.subject} was ended`));
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { engines, pauseMs, isDue } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      if (isDue?.() ?? true) await Promise.all(engines.map((engine) => this.#look(engine)));
    }
  }

  async #look(engine: E): Promise<void> {
    const failure = this.#failures.get(engine);
    const { signal } = this.#stop;
    try {
      await this.#options.look(engine, signal);
      failure?.succeeded();
    } catch (error) {
      if (!signal.aborted) failure?.failed(error);
    }
  }
}
