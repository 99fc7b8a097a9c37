import { DriverError, taskNotFound } from "@driver/nomad-plugin";
import type { TaskHandle } from "./task-handle.ts";

/** The tasks this plugin knows, by Nomad's task id. A started task stays until Nomad destroys it. */
export class TaskStore {
  readonly #tasks = new Map<string, TaskHandle>();
  readonly #claimed = new Set<string>();

  get size(): number {
    return this.#tasks.size + this.#claimed.size;
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId);
  }

  find(taskId: string): TaskHandle | undefined {
    return this.#tasks.get(taskId);
  }

  /** Throws a `DriverError` `task-not-found`. */
  get(taskId: string): TaskHandle {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw taskNotFound(taskId);
    return task;
  }

  /** Runs `make` with the id reserved, so that a second start of the same task fails and harms nothing. */
  async claim<T>(taskId: string, make: () => Promise<{ readonly task: TaskHandle; readonly answer: T }>): Promise<T> {
    if (this.#tasks.has(taskId) || this.#claimed.has(taskId)) {
      throw new DriverError("task-state", `task with ID "${taskId}" already started`);
    }
    this.#claimed.add(taskId);
    try {
      const { task, answer } = await make();
      this.#tasks.set(taskId, task);
      return answer;
    } finally {
      this.#claimed.delete(taskId);
    }
  }

  delete(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  /** Lets go of all tasks, which run on. */
  async close(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    await Promise.all(tasks.map((task) => task.close()));
  }
}
