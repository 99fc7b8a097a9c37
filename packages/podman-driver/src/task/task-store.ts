import { DriverError, taskNotFound } from "@driver/nomad-plugin";
import type { TaskHandle } from "./task-handle.ts";

interface Claim {
  readonly withdrawal: AbortController;
  readonly settled: Promise<void>;
}

/** The tasks this plugin knows, by Nomad's task id. A started task stays until Nomad destroys it. */
export class TaskStore {
  readonly #tasks = new Map<string, TaskHandle>();
  readonly #claims = new Map<string, Claim>();

  get size(): number {
    return this.#tasks.size + this.#claims.size;
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId);
  }

  /** Whether the task is being started or recovered right now. */
  isClaimed(taskId: string): boolean {
    return this.#claims.has(taskId);
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

  /**
   * Runs `make` with the id reserved, so that a second start of the same task fails and harms nothing. The signal that
   * `make` gets fires when the task is withdrawn meanwhile.
   */
  async claim<T>(taskId: string, make: (withdrawn: AbortSignal) => Promise<{ readonly task: TaskHandle; readonly answer: T }>): Promise<T> {
    if (this.#tasks.has(taskId) || this.#claims.has(taskId)) {
      throw new DriverError("task-state", `task with ID "${taskId}" already started`);
    }
    const withdrawal = new AbortController();
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    this.#claims.set(taskId, { withdrawal, settled });
    try {
      const { task, answer } = await make(withdrawal.signal);
      this.#tasks.set(taskId, task);
      return answer;
    } finally {
      this.#claims.delete(taskId);
      resolve();
    }
  }

  /**
   * Breaks off a start that is under way, and settles when nothing of it goes on. True: it was undone. False: there was
   * none, or it had got so far that the task is there now.
   */
  async withdraw(taskId: string): Promise<boolean> {
    const claim = this.#claims.get(taskId);
    if (claim === undefined) return false;
    claim.withdrawal.abort(new DriverError("task-state", `task ${taskId} was stopped while it was being started`));
    await claim.settled;
    return !this.#tasks.has(taskId);
  }

  delete(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  /** Lets go of all tasks, which run on, and breaks off starts that are under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#claims.keys()].map((taskId) => this.withdraw(taskId)));
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    await Promise.all(tasks.map((task) => task.close()));
  }
}
