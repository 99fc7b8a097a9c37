import type { TaskDriver, TaskEvent } from "@driver/nomad-plugin";

/** What a driver tells of its tasks, as it comes, from the making of this until it is disposed of or the driver's plugin ends. */
export class RecordedEvents implements AsyncDisposable {
  readonly all: TaskEvent[] = [];
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(driver: TaskDriver) {
    this.#following = this.#follow(driver).catch(() => undefined);
  }

  /** In their order. */
  get messages(): readonly string[] {
    return this.all.map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("enough"));
    await this.#following;
  }

  async #follow(driver: TaskDriver): Promise<void> {
    for await (const event of driver.taskEvents(this.#stop.signal)) this.all.push(event);
  }
}
