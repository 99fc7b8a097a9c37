import { DriverError, taskNotFound } from "@driver/nomad-plugin";
import type { TaskHandle } from "./task-handle.ts";

interface Claim {
  readonly withdrawal: AbortController;
  readonly caller: AbortSignal;
  readonly settled: Promise<void>;
}

/** What came of a claim, and what its caller is told. */
export interface Claimed<T> {
  readonly task: TaskHandle;
  readonly answer: T;
}

export interface ClaimOptions {
  /** Of the call: once it has fired, what the call has begun is being undone. */
  readonly caller: AbortSignal;
  /** For a start: which agent asks for it, by `AgentPresence.session`. */
  readonly startedFor?: number | undefined;
}

/** Told of each task that comes to be known, and how to find all that are at any moment. */
export type OnTask = (task: TaskHandle, known: () => readonly TaskHandle[]) => void;

/** The tasks this plugin knows, by Nomad's task id. A started task stays until Nomad destroys it. */
export class TaskStore {
  readonly #onTask: OnTask;
  readonly #tasks = new Map<string, TaskHandle>();
  readonly #claims = new Map<string, Claim>();
  /** Started tasks that nobody has asked for yet, and the agent that each was started for. */
  readonly #unasked = new Map<string, number>();
  readonly #leaving = new Set<Promise<void>>();

  /** `onTask`: default nobody. */
  constructor(onTask: OnTask = () => undefined) {
    this.#onTask = onTask;
  }

  get size(): number {
    return this.#tasks.size + this.#claims.size;
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId);
  }

  /**
   * Whether somebody knows of the task: it is being started or recovered, or it was, and not for an agent that has gone without
   * another word about it. Agents wait for a task as soon as they are told of its start, and a new one recovers all it knows of; so
   * the answer to that start was lost, and nobody will ever destroy the task.
   */
  isOwned(taskId: string, session: number | undefined): boolean {
    return this.#claims.has(taskId) || (this.#tasks.has(taskId) && (this.#unasked.get(taskId) ?? session) === session);
  }

  /** Whether a task of the allocation is known, or being started. */
  hasAllocation(allocId: string): boolean {
    return [...this.#tasks.keys(), ...this.#claims.keys()].some((taskId) => taskId.startsWith(`${allocId}/`));
  }

  find(taskId: string): TaskHandle | undefined {
    this.#unasked.delete(taskId);
    return this.#tasks.get(taskId);
  }

  /** Throws a `DriverError` `task-not-found`. */
  get(taskId: string): TaskHandle {
    const task = this.find(taskId);
    if (task === undefined) throw taskNotFound(taskId);
    return task;
  }

  /**
   * Runs `make` with the id reserved, so that a second start of the same task fails and harms nothing; one whose first start
   * is being undone waits for the end of that. The signal that `make` gets fires when the caller leaves, or when the task is
   * withdrawn meanwhile.
   */
  async claim<T>(taskId: string, { caller, startedFor }: ClaimOptions, make: (signal: AbortSignal) => Promise<Claimed<T>>): Promise<T> {
    for (let first = this.#undone(taskId); first !== undefined; first = this.#undone(taskId)) await first.settled;
    caller.throwIfAborted();
    if (this.#tasks.has(taskId) || this.#claims.has(taskId)) {
      throw new DriverError("task-state", `task with ID "${taskId}" already started`);
    }
    const withdrawal = new AbortController();
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    this.#claims.set(taskId, { withdrawal, caller, settled });
    try {
      const { task, answer } = await make(AbortSignal.any([caller, withdrawal.signal]));
      this.#tasks.set(taskId, task);
      this.#onTask(task, () => [...this.#tasks.values()]);
      if (startedFor !== undefined) this.#unasked.set(taskId, startedFor);
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

  #undone(taskId: string): Claim | undefined {
    const claim = this.#claims.get(taskId);
    return claim !== undefined && (claim.caller.aborted || claim.withdrawal.signal.aborted) ? claim : undefined;
  }

  delete(taskId: string): void {
    this.#tasks.delete(taskId);
    this.#unasked.delete(taskId);
  }

  /** Lets go of a task that nobody will destroy, as its container is gone. */
  drop(taskId: string): void {
    const task = this.#tasks.get(taskId);
    this.delete(taskId);
    if (task === undefined) return;
    const leaving = task.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** Lets go of earlier starts of the same task whose container this one's has taken the place of, and that nobody has asked for. */
  dropReplacedBy({ id, name, allocId }: TaskHandle["task"]): void {
    for (const earlier of [...this.#unasked.keys()]) {
      const task = this.#tasks.get(earlier)?.task;
      if (earlier !== id && task?.name === name && task.allocId === allocId) this.drop(earlier);
    }
  }

  /** Lets go of all tasks, which run on, and breaks off starts that are under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#claims.keys()].map((taskId) => this.withdraw(taskId)));
    for (const taskId of [...this.#tasks.keys()]) this.drop(taskId);
    await Promise.all(this.#leaving);
  }
}
