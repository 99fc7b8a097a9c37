import type { TaskDriver } from "@driver/nomad-plugin";

/** The two streams that an agent keeps open to every driver: its health and its events. */
export class AgentStreams implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #streams: readonly Promise<void>[];

  constructor(driver: TaskDriver) {
    const { signal } = this.#stop;
    this.#streams = [driver.fingerprint(signal), driver.taskEvents(signal)].map((stream) => this.#drain(stream));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#streams);
  }

  async #drain(stream: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const _item of stream);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}
