import type { TaskConfig, WaitResult } from "@driver/nomad-plugin";

import type { Task } from "../../job/job.ts";
import type { DriverSession } from "../driver/driver-session.ts";
import { createFifos, TaskFifo } from "../fifo/task-fifo.ts";
import type { LogStream, RunListener, TaskName } from "../run-event.ts";
import { settlesWithin } from "./settles-within.ts";
import type { TaskOutcome } from "./task-outcome.ts";

export interface TaskRunOptions {
  readonly name: TaskName;
  readonly role: TaskOutcome["role"];
  readonly task: Task;
  readonly config: TaskConfig;
  readonly session: DriverSession;
  readonly hasLogFifos: boolean;
  readonly on: RunListener;
  /** Cuts all waiting short: the task is killed. */
  readonly killSignal: AbortSignal;
}

/** logmon gives a FIFO's last writer as long. */
const drainGraceMs = 2_000;
/** A start that is asked to stop may still come to its end within this time. */
const startGraceMs = 1_000;
const destroyTimeoutMs = 60_000;
/** After a successful StopTask the end must show within this time, or the task is destroyed while it runs. */
const endAfterStopMs = 10_000;

/** One life of one task: FIFOs, StartTask, logs, WaitTask, DestroyTask. */
export class TaskRun {
  readonly name: TaskName;
  /** Settles when the task runs, or is known not to. */
  readonly started: Promise<void>;
  /** Settles, and never rejects, when the task has ended, its logs are delivered and it is destroyed. */
  readonly finished: Promise<TaskOutcome>;
  readonly #options: TaskRunOptions;
  readonly #stop = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  /** Ends the waiting for a task that neither stops nor dies. */
  readonly #giveUp = new AbortController();
  #stopping: Promise<void> | undefined;
  #isStarted = false;
  #isOver = false;

  constructor(options: TaskRunOptions) {
    this.name = options.name;
    this.#options = options;
    this.started = this.#started.promise;
    this.finished = this.#run();
  }

  /**
   * Nomad's kill sequence: shutdown delay, StopTask with kill signal and timeout; DestroyTask follows when the task
   * has ended. Settles when it has.
   */
  async stop(reason: string): Promise<void> {
    this.#stopping ??= this.#runStop(reason);
    await this.#stopping;
    await this.finished;
  }

  async #run(): Promise<TaskOutcome> {
    const { config, on, name, role } = this.#options;
    let result: WaitResult | undefined;
    let error: unknown;
    const logs = await this.#openLogs().catch((refusal: unknown) => {
      error = refusal;
      return undefined;
    });
    if (logs !== undefined) {
      try {
        result = await this.#live(config);
      } catch (failure) {
        error = failure;
      }
      await this.#destroy();
      await logs.drain();
    }
    this.#isOver = true;
    this.#started.resolve();
    const isStoppedByHost = this.#stop.signal.aborted;
    if (result !== undefined) await on({ kind: "task-exited", ...name, result, isStoppedByHost });
    else if (!isStoppedByHost) await on({ kind: "task-failed", ...name, message: toMessage(error) });
    return { ...name, role, result, error, isStoppedByHost };
  }

  async #live(config: TaskConfig): Promise<WaitResult> {
    const { session, on, name } = this.#options;
    await on({ kind: "task-starting", ...name });
    await session.startTask(config, this.#stop.signal);
    await on({ kind: "task-running", ...name });
    this.#isStarted = true;
    this.#started.resolve();
    return session.waitTask(config.id, this.#giveUp.signal);
  }

  /** Nomad ignores the answer, too: a task that never started is not known to the driver. */
  async #destroy(): Promise<void> {
    const { session, config, on, name } = this.#options;
    try {
      await session.destroyTask(config.id, AbortSignal.timeout(destroyTimeoutMs));
    } catch (error) {
      if (this.#isStarted) await on({ kind: "note", message: `${name.task}: the driver could not remove the task: ${toMessage(error)}` });
    }
  }

  async #openLogs(): Promise<{ drain(): Promise<void> }> {
    const { config, hasLogFifos } = this.#options;
    if (!hasLogFifos || config.stdoutPath === "/dev/null") return { drain: () => Promise.resolve() };
    await createFifos([config.stdoutPath, config.stderrPath]);
    const stdout = await TaskFifo.open(config.stdoutPath);
    const stderr = await TaskFifo.open(config.stderrPath);
    const followed = Promise.allSettled([this.#deliver(stdout, "stdout"), this.#deliver(stderr, "stderr")]);
    return {
      drain: async () => {
        await Promise.all([stdout.drain(drainGraceMs), stderr.drain(drainGraceMs)]);
        await followed;
      },
    };
  }

  async #deliver(fifo: TaskFifo, stream: LogStream): Promise<void> {
    for await (const data of fifo.follow()) await this.#options.on({ kind: "task-log", ...this.name, stream, data });
  }

  async #runStop(reason: string): Promise<void> {
    if (this.#isOver) return;
    const { on, name } = this.#options;
    await on({ kind: "task-stopping", ...name, reason });
    // A start that is nearly done is let through, so that the task is stopped in order; an image pull is cancelled.
    await settlesWithin(this.started, startGraceMs, this.#options.killSignal);
    this.#stop.abort(new Error(reason));
    await this.started;
    if (this.#isOver) return;
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
      if (!killSignal.aborted) await on({ kind: "note", message: `${name.task}: StopTask failed, killing it: ${toMessage(error)}` });
      await this.#destroy();
    }
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
