import type { DriverRig, RiggedTask } from "@driver/testing";
import { until } from "@driver/testing";

/** Follows the statistics of tasks as Nomad does, one stream each, and counts what comes. */
export class StatsListeners implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #streams: readonly Promise<void>[];
  #samples = 0;

  private constructor(rig: DriverRig, tasks: readonly RiggedTask[], intervalMs: number) {
    this.#streams = tasks.map((task) => this.#follow(rig, task, intervalMs));
  }

  /** Settles when every stream has begun. */
  static async start(rig: DriverRig, tasks: readonly RiggedTask[], intervalMs: number): Promise<StatsListeners> {
    const listeners = new StatsListeners(rig, tasks, intervalMs);
    await until(() => listeners.samples >= tasks.length);
    return listeners;
  }

  /** Samples of all streams since they began. */
  get samples(): number {
    return this.#samples;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#streams);
  }

  async #follow(rig: DriverRig, task: RiggedTask, intervalMs: number): Promise<void> {
    try {
      for await (const _sample of rig.driver.taskStats(task.config.id, { intervalMs }, this.#stop.signal)) this.#samples += 1;
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}
