import type { DriverRig } from "@driver/testing";

/** Holds the fingerprint stream open as an agent does. */
export class AgentListener implements Disposable {
  readonly #gone = new AbortController();
  readonly #heard = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;

  constructor(rig: DriverRig) {
    this.#ended = this.#drain(rig).catch(() => undefined);
  }

  /** Settles with the first fingerprint. */
  get listens(): Promise<void> {
    return this.#heard.promise;
  }

  /** Settles when the stream has ended at this side. */
  async leave(): Promise<void> {
    this.#gone.abort(new Error("the agent has gone"));
    await this.#ended;
  }

  [Symbol.dispose](): void {
    this.#gone.abort(new Error("the agent has gone"));
  }

  async #drain(rig: DriverRig): Promise<void> {
    const stream = rig.driver.fingerprint(this.#gone.signal)[Symbol.asyncIterator]();
    while ((await stream.next()).done !== true) this.#heard.resolve();
  }
}
