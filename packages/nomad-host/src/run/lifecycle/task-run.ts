import { setTimeout as delay } from "node:timers/promises";

import type { TaskConfig } from "@driver/nomad-plugin";

import { toTimerMs } from "@driver/std";
import type { JobType, Task } from "../../job/job.ts";
import type { DriverSession } from "../driver/driver-session.ts";
import { TaskLogs } from "../logs/task-logs.ts";
import type { LogCollection } from "../logs/task-logs.ts";
import type { RunListener, TaskName } from "../run-event.ts";
import { renewTaskId } from "./allocation.ts";
import { roleOf } from "./plan-lifecycle.ts";
import { planRestart, restartsOnSuccess } from "./plan-restart.ts";
import type { RestartDecision, RestartState } from "./plan-restart.ts";
import { TaskLife } from "./task-life.ts";
import type { TaskLifeEnd } from "./task-life.ts";
import type { TaskPreparation } from "./task-preparation.ts";
import type { TaskOutcome } from "./task-outcome.ts";

export interface TaskRunOptions {
  readonly name: TaskName;
  readonly task: Task;
  readonly jobType: JobType;
  /** For the first start; later ones get an id of their own. */
  readonly config: TaskConfig;
  readonly preparation: TaskPreparation;
  readonly session: DriverSession;
  readonly logCollection: LogCollection;
  readonly on: RunListener;
  /** Fires when the whole run is interrupted; the task itself is stopped by `stop`. */
  readonly signal: AbortSignal;
  /** Cuts all waiting short: the task is killed. */
  readonly killSignal: AbortSignal;
  /** Gives the jitter of restart delays: from 0 to below 1. */
  readonly random: () => number;
}

/** All lives of one task: it is started again as its restart policy says, until it is done, given up or stopped. */
export class TaskRun {
  /** Settles when the task runs for the first time, or is known never to. */
  readonly started: Promise<void>;
  /** Settles, and never rejects, when the task is over and nothing of it is left. */
  readonly finished: Promise<TaskOutcome>;
  readonly #options: TaskRunOptions;
  readonly #stop = new AbortController();
  readonly #started = Promise.withResolvers<void>();
  #restartState: RestartState = { intervalStartMs: performance.now(), count: 0 };
  #life: TaskLife | undefined;
  #stopping: Promise<void> | undefined;
  #restarts = 0;
  #isOver = false;

  constructor(options: TaskRunOptions) {
    this.#options = options;
    this.started = this.#started.promise;
    this.finished = this.#run();
    // Not earlier: who waits for the start of a task that failed must find its outcome noted.
    void this.finished.then(() => this.#started.resolve());
  }

  /** Stops the task in order, whatever it does at present, and lets it not start again. Settles when it is over. */
  async stop(reason: string): Promise<void> {
    this.#stopping ??= this.#runStop(reason);
    await this.#stopping;
    await this.finished;
  }

  async #runStop(reason: string): Promise<void> {
    if (this.#isOver) return;
    const { on, name } = this.#options;
    await on({ kind: "task-stopping", ...name, reason });
    this.#stop.abort(new Error(reason));
    await this.#life?.stop(reason);
  }

  async #run(): Promise<TaskOutcome> {
    const { name, task, config, logCollection, on } = this.#options;
    await using logs = new TaskLogs({ name, config, collection: logCollection, on });
    let end = await this.#live(config, logs);
    let next = await this.#follow(end);
    while (next === "restart") {
      this.#restarts += 1;
      end = await this.#live(renewTaskId(config), logs);
      next = await this.#follow(end);
    }
    this.#isOver = true;
    const { result, error } = end;
    const verdict = { isStoppedByHost: next === "stopped", isFailed: next === "fail", restarts: this.#restarts };
    return { ...name, role: roleOf(task), result, error, ...verdict };
  }

  async #live(config: TaskConfig, logs: TaskLogs): Promise<TaskLifeEnd> {
    const { name, task, preparation, session, on, signal, killSignal } = this.#options;
    const wasInterrupted = signal.aborted;
    const life = new TaskLife({ name, task, config, preparation, session, logs, on, killSignal });
    this.#life = life;
    void life.started.then(() => (life.isStarted ? this.#started.resolve() : undefined));
    const end = await life.finished;
    this.#life = undefined;
    // What hinders a start in the moment of Ctrl-C is laid to that, and the stop is on its way.
    if (end.ending.kind === "start-failed" && signal.aborted && !wasInterrupted) this.#stop.abort(signal.reason);
    return end;
  }

  /** What comes after a life; before a restart it waits as long as the policy says. */
  async #follow(end: TaskLifeEnd): Promise<RestartDecision["action"] | "stopped"> {
    const { on, name, task } = this.#options;
    const { signal } = this.#stop;
    if (signal.aborted) return "stopped";
    const decision = this.#decide(end);
    const { attempts, intervalMs } = task.restart;
    if (decision.action === "fail") await on({ kind: "task-not-restarting", ...name, reason: decision.reason, attempts, intervalMs });
    if (decision.action !== "restart") return decision.action;
    const { delayMs, attempt, isWithinPolicy, state } = decision;
    this.#restartState = state;
    await on({ kind: "task-restarting", ...name, delayMs, attempt, attempts, isWithinPolicy });
    await delay(toTimerMs(delayMs), undefined, { signal }).catch(() => undefined);
    return signal.aborted ? "stopped" : "restart";
  }

  #decide({ ending }: TaskLifeEnd): RestartDecision {
    const { task, jobType, random } = this.#options;
    return planRestart(ending, {
      policy: task.restart,
      restartsOnSuccess: restartsOnSuccess(task, jobType),
      state: this.#restartState,
      nowMs: performance.now(),
      random: random(),
    });
  }
}
