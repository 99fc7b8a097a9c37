import type { TaskConfig } from "@driver/nomad-plugin";

/**
 * What the plugin knows of the agent that uses it: the node's id, which only tasks tell, and whether the agent is there and
 * has handed all its tasks over.
 */
export class AgentPresence {
  #nodeId = "";
  #streams = 0;
  #session = 0;
  #recoveries = 0;
  #quietSinceMs = performance.now();

  /** Nomad's id of this node; empty before the first task. */
  get nodeId(): string {
    return this.#nodeId;
  }

  /** Another number for each agent that comes after another has gone; undefined while there is none. */
  get session(): number | undefined {
    return this.#streams > 0 ? this.#session : undefined;
  }

  meet(task: TaskConfig): void {
    if (task.nodeId !== "") this.#nodeId = task.nodeId;
  }

  /** Runs a RecoverTask call. Agents make one call after the other, so each may be followed by more. */
  async duringRecovery<T>(work: () => Promise<T>): Promise<T> {
    this.#recoveries += 1;
    try {
      return await work();
    } finally {
      this.#recoveries -= 1;
      this.#quietSinceMs = performance.now();
    }
  }

  /**
   * Passes on the fingerprint stream, which an agent holds open for as long as it uses a plugin. A plugin that its agent
   * has replaced does not learn of it otherwise, nor of the tasks that its successor starts.
   */
  async *whileListening<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
    if (this.#streams === 0) {
      this.#session += 1;
      this.#quietSinceMs = performance.now();
    }
    this.#streams += 1;
    try {
      yield* stream;
    } finally {
      this.#streams -= 1;
    }
  }

  /** Whether an agent is there, has shown a task, and has recovered none for `graceMs`: a task unknown by now is lost. */
  hasSettled(graceMs: number): boolean {
    return this.#nodeId !== "" && this.#streams > 0 && this.#recoveries === 0 && performance.now() - this.#quietSinceMs >= graceMs;
  }
}
