import type { DriverNetwork, TaskConfig, WaitResult } from "@driver/nomad-plugin";
import { DriverError } from "@driver/nomad-plugin";

import { messageOf } from "@driver/std";
import type { Task } from "../../job/job.ts";
import type { DriverSession } from "../driver/driver-session.ts";
import type { TaskLogs } from "../logs/task-logs.ts";
import { RunError } from "../run-error.ts";
import type { RunListener, TaskName } from "../run-event.ts";
import type { TaskEnding } from "./plan-restart.ts";
import { settlesWithin } from "./settles-within.ts";
import type { TaskPreparation } from "./task-preparation.ts";
import { isSuccessful } from "./task-outcome.ts";

export interface TaskLifeOptions {
  readonly name: TaskName;
  readonly task: Task;
  readonly config: TaskConfig;
  readonly preparation: TaskPreparation;
  readonly session: DriverSession;
  readonly logs: TaskLogs;
  readonly on: RunListener;
  /** Cuts all waiting short: the task is killed. */
  readonly killSignal: AbortSignal;
}

/** How one life went. */
export interface TaskLifeEnd {
  readonly ending: TaskEnding;
  readonly result: WaitResult | undefined;
  readonly error: unknown;
}

/** A start that is asked to stop may still come to its end within this time. */
const startGraceMs = 1_000;
const destroyTimeoutMs = 60_000;
/** After a successful StopTask the end must show within this time, or the task is destroyed while it runs. */
const endAfterStopMs = 10_000;

/** One life of one task: logs, StartTask, WaitTask, DestroyTask. */
export class TaskLife {
  /** Settles when the task runs, or is known not to. */
  readonly started: Promise<void>;
  /** Settles when the task has ended, or did not start; it is not destroyed yet, and its last logs are not delivered. */
  readonly ended: Promise<void>;
  /** Settles, and never rejects, when the task has ended, its logs are delivered and it is destroyed. */
  readonly finished: Promise<TaskLifeEnd>;
  readonly #options: TaskLifeOptions;
  readonly #stop = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  /** Ends the waiting for a task that neither stops nor dies. */
  readonly #giveUp = new AbortController();
  #config: TaskConfig;
  #network: DriverNetwork | undefined;
  #isStarted = false;
  #isDestroyed = false;
  #destroying: Promise<void> | undefined;
  #isOver = false;

  constructor(options: TaskLifeOptions) {
    this.#options = options;
    this.#config = options.config;
    this.started = this.#started.promise;
    this.ended = this.#ended.promise;
    this.finished = this.#run();
  }

  /** Whether StartTask has succeeded. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** What the driver told of the task's network at its start. */
  get network(): DriverNetwork | undefined {
    return this.#network;
  }

  /**
   * Nomad's kill sequence: shutdown delay, StopTask with kill signal and timeout; DestroyTask follows when the task
   * has ended. Settles when it has.
   */
  async stop(reason: string): Promise<void> {
    // A start that is nearly done is let through, so that the task is stopped in order; an image pull is cancelled.
    await settlesWithin(this.started, startGraceMs, this.#options.killSignal);
    this.#stop.abort(new Error(reason));
    await this.started;
    if (!this.#isOver) await this.#stopRunning();
    await this.finished;
  }

  async #run(): Promise<TaskLifeEnd> {
    const logs = await this.#options.logs.open().catch((refusal: unknown) => toEnd(refusal, false));
    if ("ending" in logs) return this.#end(logs);
    const end = await this.#live();
    this.#ended.resolve();
    await this.#destroy();
    await logs.drain();
    return this.#end(end);
  }

  async #live(): Promise<TaskLifeEnd> {
    const { session, preparation, on, name } = this.#options;
    const { id } = this.#config;
    try {
      this.#config = { ...(await preparation.prepare(this.#stop.signal)), id };
      await on({ kind: "task-starting", ...name });
      this.#network = (await session.startTask(this.#config, this.#stop.signal)).network;
      await on({ kind: "task-running", ...name });
      this.#isStarted = true;
      this.#started.resolve();
      const result = await session.waitTask(id, this.#giveUp.signal);
      return { ending: { kind: "exited", isSuccessful: isSuccessful(result) }, result, error: undefined };
    } catch (failure) {
      return toEnd(failure, this.#isStarted);
    }
  }

  async #end(end: TaskLifeEnd): Promise<TaskLifeEnd> {
    const { on, name } = this.#options;
    const { result, error } = end;
    this.#isOver = true;
    this.#started.resolve();
    this.#ended.resolve();
    const isStoppedByHost = this.#stop.signal.aborted;
    if (result !== undefined) await on({ kind: "task-exited", ...name, result, isStoppedByHost });
    else if (!isStoppedByHost) await on({ kind: "task-failed", ...name, message: messageOf(error) });
    return end;
  }

  /** A kill and the end that it brings may ask for it at once. */
  async #destroy(): Promise<void> {
    if (this.#isDestroyed) return;
    this.#destroying ??= this.#tryDestroy().finally(() => (this.#destroying = undefined));
    await this.#destroying;
  }

  /** Nomad ignores the answer, too: a task that never started is not known to the driver. */
  async #tryDestroy(): Promise<void> {
    const { session, config, on, name } = this.#options;
    try {
      await session.destroyTask(config.id, AbortSignal.timeout(destroyTimeoutMs));
      this.#isDestroyed = true;
    } catch (error) {
      if (this.#isStarted) await on({ kind: "note", message: `${name.task}: the driver could not remove the task: ${messageOf(error)}` });
    }
  }

  async #stopRunning(): Promise<void> {
    await this.#askToStop();
    if (await settlesWithin(this.finished, endAfterStopMs)) return;
    await this.#destroy();
    if (!(await settlesWithin(this.finished, endAfterStopMs)))
      this.#giveUp.abort(new Error("the task was killed, but its end was never reported"));
  }

  async #askToStop(): Promise<void> {
    const { task, config, session, killSignal, on, name } = this.#options;
    try {
      if (task.shutdownDelayMs > 0) await settlesWithin(this.finished, task.shutdownDelayMs, killSignal);
      const options = { timeoutMs: task.killTimeoutMs, killSignal: task.killSignal };
      await session.stopTask(config.id, options, killSignal);
    } catch (error) {
      if (!killSignal.aborted) await on({ kind: "note", message: `${name.task}: StopTask failed, killing it: ${messageOf(error)}` });
      await this.#destroy();
    }
  }
}

/**
 * An end that could not be learned counts as an exit without success, unless there is no plugin any more; only the
 * driver's word makes a failed start worth another try.
 */
function toEnd(error: unknown, isStarted: boolean): TaskLifeEnd {
  const isPluginGone = error instanceof RunError && error.code !== "task-lost";
  const ending: TaskEnding =
    isStarted && !isPluginGone ? { kind: "exited", isSuccessful: false } : { kind: "start-failed", isRecoverable: isRecoverable(error) };
  return { ending, result: undefined, error };
}

function isRecoverable(error: unknown): boolean {
  return error instanceof RunError ? error.code === "artifact-failed" : error instanceof DriverError && error.recoverable;
}
