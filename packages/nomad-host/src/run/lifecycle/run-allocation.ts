import { setTimeout as delay } from "node:timers/promises";

import { messageOf } from "@driver/std";
import type { Task } from "../../job/job.ts";
import type { FoundService } from "../../template/functions/host-functions.ts";
import { AllocationChecks } from "../checks/allocation-checks.ts";
import type { PlannedCheck } from "../checks/planned-check.ts";
import type { DriverSession } from "../driver/driver-session.ts";
import type { LogCollection } from "../logs/task-logs.ts";
import type { RunListener } from "../run-event.ts";
import type { ServiceRegistry } from "../services/service-registry.ts";
import type { VariableStore } from "../variables/variable-store.ts";
import type { Allocation } from "./allocation.ts";
import { planStop } from "./plan-lifecycle.ts";
import type { LifecyclePlan } from "./plan-lifecycle.ts";
import type { TaskOutcome } from "./task-outcome.ts";
import { TaskPreparation } from "./task-preparation.ts";
import type { PreparedTask } from "./task-preparation.ts";
import { TaskRun } from "./task-run.ts";

export interface AllocationRunOptions {
  readonly allocation: Allocation;
  readonly plan: LifecyclePlan;
  readonly tasks: ReadonlyMap<Task, PreparedTask>;
  /** The group's own, which are there from its start to its end. */
  readonly services: readonly FoundService[];
  readonly registry: ServiceRegistry;
  readonly variables: VariableStore;
  /** Of the group's services and of those of its tasks. */
  readonly checks: readonly PlannedCheck[];
  /** Of the group's own network; undefined: it has none. */
  readonly allocAddress: string | undefined;
  readonly session: DriverSession;
  readonly logCollection: LogCollection;
  readonly on: RunListener;
  /** Gives the jitter of restart delays, from 0 to below 1. */
  readonly random: () => number;
  /** Stops the tasks in order. */
  readonly signal: AbortSignal;
  /** Kills them. */
  readonly killSignal: AbortSignal;
}

/**
 * Runs the tasks of one allocation: prestart tasks with their sidecars, main tasks, poststart tasks with theirs; then
 * stops what is left, and runs the poststop tasks. A task that fails for good, or the end of the leader, stops all
 * others. Settles when every task has ended and is destroyed, with their outcomes in that order.
 */
export async function runAllocation(options: AllocationRunOptions): Promise<readonly TaskOutcome[]> {
  const { allocation, plan, registry, services, signal } = options;
  const runs = new TaskRuns(options);
  await using checks = runs.checks;
  const stopped = waitAbort(signal);
  try {
    registry.set(allocation.id, services);
    const phases = runPhases(plan, runs);
    const reason = await Promise.race([phases, runs.ended, stopped.reached]);
    runs.close();
    registry.set(allocation.id, []);
    // From here on nothing is restarted.
    await checks[Symbol.asyncDispose]();
    await stopAll(options, runs, reason);
    await phases;
  } finally {
    stopped.dispose();
  }
  await runPoststop(options, runs);
  return runs.outcomes;
}

/** Goes through the phases and tells why the last one ended. Sidecars with nothing to run beside do not start (`nomad` 2.0.5). */
async function runPhases(plan: LifecyclePlan, runs: TaskRuns): Promise<string> {
  const hasWork = plan.main.length + plan.poststart.length > 0;
  if (!hasWork && plan.prestart.length === 0) return "there are no main tasks";
  const prestart = runs.start(plan.prestart);
  const prestartSidecars = runs.start(plan.prestartSidecars);
  await Promise.all([...prestart.map(({ finished }) => finished), ...prestartSidecars.map(({ started }) => started)]);
  const main = runs.start(plan.main);
  await Promise.all(main.map(({ started }) => started));
  const poststart = runs.start(plan.poststart);
  if (hasWork) runs.start(plan.poststartSidecars);
  await Promise.all([...main, ...poststart].map(({ finished }) => finished));
  return "the main tasks are done";
}

async function stopAll({ allocation, plan, killSignal }: AllocationRunOptions, runs: TaskRuns, reason: string): Promise<void> {
  if (runs.hasRunning(plan.main)) {
    await delay(allocation.group.shutdownDelayMs, undefined, { signal: killSignal }).catch(() => undefined);
  }
  for (const tasks of planStop(plan)) await runs.stop(tasks, reason);
}

/** An interrupt that stopped the other tasks lets these run to their end (`nomad`); the next one does not. */
async function runPoststop({ plan, on, signal, killSignal }: AllocationRunOptions, runs: TaskRuns): Promise<void> {
  if (plan.poststop.length === 0) return;
  if (killSignal.aborted) return on({ kind: "note", message: "the poststop tasks do not run: everything was to be killed" });
  const stopped = waitAbort(signal.aborted ? killSignal : signal);
  try {
    runs.reopen();
    const started = runs.start(plan.poststop);
    const finished = Promise.all(started.map((run) => run.finished)).then(() => undefined);
    const reason = await Promise.race([finished, stopped.reached]);
    if (reason !== undefined) await runs.stop(plan.poststop, reason);
    await finished;
  } finally {
    stopped.dispose();
  }
}

/** The task runs of one allocation. */
class TaskRuns {
  readonly outcomes: TaskOutcome[] = [];
  /** Settles with the reason when the end of one task ends the allocation. */
  readonly ended: Promise<string>;
  /** Begun with this, and the caller's to end. */
  readonly checks: AllocationChecks;
  readonly #ended = Promise.withResolvers<string>();
  readonly #options: AllocationRunOptions;
  readonly #runs = new Map<Task, TaskRun>();
  #isClosed = false;

  constructor(options: AllocationRunOptions) {
    this.#options = options;
    this.ended = this.#ended.promise;
    const { allocation, checks, allocAddress, session, on, random } = options;
    const { group, index: allocIndex, ports } = allocation;
    this.checks = new AllocationChecks({
      ...{ name: { group: group.name, allocIndex }, checks, ports, allocAddress, session, on, random },
      restartTasks: (reason) => this.#restartRunning(reason),
    });
  }

  /** From now on `start` starts nothing. */
  close(): void {
    this.#isClosed = true;
  }

  reopen(): void {
    this.#isClosed = false;
  }

  start(tasks: readonly Task[]): readonly TaskRun[] {
    return this.#isClosed ? [] : tasks.map((task) => this.#start(task));
  }

  hasRunning(tasks: readonly Task[]): boolean {
    return tasks.some((task) => this.#runs.has(task) && !this.outcomes.some((outcome) => outcome.task === task.name));
  }

  async stop(tasks: readonly Task[], reason: string): Promise<void> {
    await Promise.all(tasks.map((task) => this.#runs.get(task)?.stop(reason)));
  }

  async #restartRunning(reason: string): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.restartAsFailed(reason)));
  }

  #start(task: Task): TaskRun {
    const { allocation, tasks, registry, variables, session, logCollection, on, random, signal, killSignal } = this.#options;
    const name = { group: allocation.group.name, allocIndex: allocation.index, task: task.name };
    const jobType = allocation.job.type;
    const prepared = tasks.get(task);
    if (prepared === undefined) throw new Error(`task ${task.name} was not prepared`);
    const preparation = new TaskPreparation({ name, task, prepared, allocPath: allocation.path, registry, variables, on });
    const { services } = prepared;
    const { config } = prepared.built;
    const ends = { on, random, signal, killSignal };
    const around = { registry, variables, services, checks: this.checks, session, logCollection };
    const run = new TaskRun({ name, task, jobType, config, preparation, ...around, ...ends });
    this.#runs.set(task, run);
    void run.finished.then((outcome) => this.#note(task, outcome));
    return run;
  }

  #note(task: Task, outcome: TaskOutcome): void {
    this.outcomes.push(outcome);
    const isLeader = task === this.#options.plan.leader;
    if (!outcome.isFailed && !isLeader) return;
    // Nothing further may start, whichever promise is looked at first.
    this.close();
    const title = `task ${JSON.stringify(outcome.task)}`;
    this.#ended.resolve(outcome.isFailed ? `${title} failed` : `the leader ${title} is done`);
  }
}

/** A promise of the abort that leaves no listener behind. */
function waitAbort(signal: AbortSignal): { readonly reached: Promise<string>; dispose(): void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const listener = (): void => resolve(messageOf(signal.reason));
  if (signal.aborted) listener();
  signal.addEventListener("abort", listener, { once: true });
  return { reached: promise, dispose: () => signal.removeEventListener("abort", listener) };
}
