import type { TaskConfig } from "@driver/nomad-plugin";
import { setTimeout as delay } from "node:timers/promises";

import type { Task } from "../../job/job.ts";
import type { DriverSession } from "../driver/driver-session.ts";
import type { RunListener } from "../run-event.ts";
import type { Allocation } from "./allocation.ts";
import { planStop } from "./plan-lifecycle.ts";
import type { LifecyclePlan } from "./plan-lifecycle.ts";
import { hasFailed, wouldRestart } from "./task-outcome.ts";
import type { TaskOutcome } from "./task-outcome.ts";
import { TaskRun } from "./task-run.ts";

export interface AllocationRunOptions {
  readonly allocation: Allocation;
  readonly plan: LifecyclePlan;
  /** What the driver is told about each task of the group. */
  readonly configs: ReadonlyMap<Task, TaskConfig>;
  readonly session: DriverSession;
  readonly hasLogFifos: boolean;
  readonly on: RunListener;
  /** Stops the tasks in order. */
  readonly signal: AbortSignal;
  /** Kills them. */
  readonly killSignal: AbortSignal;
}

/**
 * Runs the tasks of one allocation: prestart tasks and sidecars, then the main tasks, then stops what is left. A task
 * that fails stops all others. Settles when every task has ended and is destroyed, with their outcomes in that order.
 */
export async function runAllocation(options: AllocationRunOptions): Promise<readonly TaskOutcome[]> {
  const { plan, signal } = options;
  const runs = new TaskRuns(options);
  const stopped = waitAbort(signal);
  try {
    const phases = runPhases(plan, runs);
    const reason = await Promise.race([phases, runs.failed, stopped.reached]);
    runs.close();
    await stopAll(options, runs, reason);
    await phases;
    return runs.outcomes;
  } finally {
    stopped.dispose();
  }
}

/** Goes through the phases and tells why the last one ended. */
async function runPhases(plan: LifecyclePlan, runs: TaskRuns): Promise<string> {
  const prestart = plan.prestart.map((task) => runs.start(task, "prestart"));
  const sidecars = plan.sidecars.map((task) => runs.start(task, "sidecar"));
  await Promise.all([...prestart.map(({ finished }) => finished), ...sidecars.map(({ started }) => started)]);
  if (runs.isClosed) return "the allocation ends";
  const main = plan.main.map((task) => ({ task, run: runs.start(task, "main") }));
  const awaited = plan.leader === undefined ? main : main.filter(({ task }) => task === plan.leader);
  await Promise.all(awaited.map(({ run }) => run.finished));
  return plan.leader === undefined ? "the main tasks are done" : `the leader task ${JSON.stringify(plan.leader.name)} is done`;
}

async function stopAll({ allocation, plan, killSignal }: AllocationRunOptions, runs: TaskRuns, reason: string): Promise<void> {
  if (runs.hasRunning(plan.main)) {
    await delay(allocation.group.shutdownDelayMs, undefined, { signal: killSignal }).catch(() => undefined);
  }
  for (const tasks of planStop(plan)) await runs.stop(tasks, reason);
}

/** The task runs of one allocation. */
class TaskRuns {
  readonly outcomes: TaskOutcome[] = [];
  /** Settles with the reason when a task fails on its own account. */
  readonly failed: Promise<string>;
  readonly #failed = Promise.withResolvers<string>();
  readonly #options: AllocationRunOptions;
  readonly #runs = new Map<Task, TaskRun>();
  #isClosed = false;

  constructor(options: AllocationRunOptions) {
    this.#options = options;
    this.failed = this.#failed.promise;
  }

  /** True: no further task may start. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
  }

  start(task: Task, role: TaskOutcome["role"]): TaskRun {
    const { allocation, configs, session, hasLogFifos, on, killSignal } = this.#options;
    const name = { group: allocation.group.name, allocIndex: allocation.index, task: task.name };
    const config = configs.get(task);
    if (config === undefined) throw new Error(`task ${task.name} was not prepared`);
    const run = new TaskRun({ name, role, task, config, session, hasLogFifos, on, killSignal });
    this.#runs.set(task, run);
    void run.finished.then((outcome) => this.#note(task, outcome));
    return run;
  }

  hasRunning(tasks: readonly Task[]): boolean {
    return tasks.some((task) => this.#runs.has(task) && !this.outcomes.some((outcome) => outcome.task === task.name));
  }

  async stop(tasks: readonly Task[], reason: string): Promise<void> {
    await Promise.all(tasks.map((task) => this.#runs.get(task)?.stop(reason)));
  }

  #note(task: Task, outcome: TaskOutcome): void {
    this.outcomes.push(outcome);
    if (wouldRestart(task, outcome, this.#options.allocation.job.type)) {
      void this.#options.on({
        kind: "note",
        message: `${task.name}: a Nomad agent would start it again; \`run\` does not restart tasks yet`,
      });
    }
    if (!hasFailed(outcome)) return;
    this.close();
    this.#failed.resolve(`task ${JSON.stringify(outcome.task)} failed`);
  }
}

/** A promise of the abort that leaves no listener behind. */
function waitAbort(signal: AbortSignal): { readonly reached: Promise<string>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const listener = (): void => resolve(signal.reason instanceof Error ? signal.reason.message : String(signal.reason));
  if (signal.aborted) listener();
  signal.addEventListener("abort", listener, { once: true });
  return { reached: promise, dispose: () => signal.removeEventListener("abort", listener) };
}
