import { setImmediate as nextTurn } from "node:timers/promises";
import type { TaskStats, TaskStatus, WaitResult } from "@driver/nomad-plugin";
import { toTimerMs, type Feed } from "@driver/std";
import type { NodeCompute } from "../config/driver-config.ts";
import type { Engine } from "../engine/engine.ts";
import type { TaskLogs } from "../logs/task-logs.ts";
import type { TaskTerms } from "../plan/task-terms.ts";
import { settleOrAbort } from "../settle-or-abort.ts";
import { SharedOutcome } from "../shared-outcome.ts";
import { ContainerExit } from "./exit-sources.ts";
import { loseExit } from "./exit-verdict.ts";
import { waitForExit } from "./exit-watcher.ts";
import { HealthWatch } from "./health-watch.ts";
import { keepToSharedCpus } from "./keep-to-shared-cpus.ts";
import { followStats } from "./stats-sampler.ts";
import { openStatsSource, type StatsSource } from "./stats-source.ts";
import { TaskContainer, type KeptTask, type TaskOrigin, type TaskSubject } from "./task-container.ts";
import { collectOutput, drainLimitsOf } from "./task-output.ts";
import type { TaskProcesses } from "./task-processes.ts";
import type { TaskSurroundings } from "./task-surroundings.ts";

export interface TaskHandleOptions {
  readonly subject: TaskSubject;
  readonly origin: TaskOrigin;
  readonly terms: TaskTerms;
  readonly surroundings: TaskSurroundings;
}

/**
 * A task whose container was started, now or by an earlier plugin: it cannot be told which. Owns the exit watch and the log
 * pump. It has two ends: `ended`, when its container has, which is what counts for those who stop it; and the delivery of its
 * last output, which only those wait for who wait for its result.
 */
export class TaskHandle {
  readonly task: KeptTask;
  readonly containerId: string;
  readonly engine: Engine;
  readonly #container: TaskContainer;
  readonly #subject: TaskSubject;
  /** False: an earlier plugin began to deliver its output, or may have. */
  readonly #isFresh: boolean;
  readonly #terms: TaskTerms;
  readonly #surroundings: TaskSurroundings;
  readonly #stop = new AbortController();
  /** The container has been looked at, or nobody will. */
  readonly #found = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<WaitResult>();
  /** Fires when it is let go of, and when somebody gives up on it. */
  readonly #watching = new AbortController();
  readonly #exit: ContainerExit;
  readonly #delivered: Promise<WaitResult>;
  /** For those who wait, from the first of them on. */
  #endedOutcome: SharedOutcome<WaitResult> | undefined;
  #deliveredOutcome: SharedOutcome<WaitResult> | undefined;
  #givenUp: string | undefined;
  #result: WaitResult | undefined;
  #completedAt: Date | undefined;

  constructor({ subject, origin, terms, surroundings }: TaskHandleOptions) {
    this.task = subject.task;
    this.containerId = subject.containerId;
    this.engine = subject.engine;
    this.#subject = subject;
    // Nomad's log collector stops for good with the plugin that had begun to write to it.
    this.#isFresh = origin.kind === "started" && !origin.isTakenOver;
    this.#terms = terms;
    this.#surroundings = surroundings;
    this.#container = new TaskContainer({ subject, terms, ...surroundings }, origin);
    this.#exit = new ContainerExit(subject, this.processes, surroundings.services);
    this.#delivered = this.#live(this.#find(origin));
    // Every waiter sees a failure for itself; without one there is nobody to tell.
    for (const promise of [this.#delivered, this.#ended.promise]) promise.catch(() => undefined);
  }

  get id(): string {
    return this.task.id;
  }

  /** What the kernel knows of it. */
  get processes(): TaskProcesses {
    return this.#container.processes;
  }

  /** When the container's process was started last. */
  get startedAt(): Date {
    return this.#container.startedAt;
  }

  /** The image's stop signal as Podman gives it, a name or a number; empty while it is not known. */
  get stopSignal(): string {
    return this.#container.stopSignal;
  }

  /** Id of the container whose network it has joined; undefined: it is on no other's, or that is not known yet. */
  get networkOwnerId(): string | undefined {
    return this.#container.networkOwnerId;
  }

  /** Settles when Podman has told of its container, or will not. */
  get heard(): Promise<void> {
    return this.#container.logPlace.then(() => undefined, () => undefined);
  }

  /** False as soon as the container has ended, though its last output may still be on its way. */
  get isRunning(): boolean {
    return this.#result === undefined;
  }

  /**
   * True also where nobody can tell its result yet: the kernel knows that its process is dead. False also where its end was told,
   * as when conmon was killed, and its process lives on.
   */
  get hasEnded(): boolean {
    return this.processes.isMainGone() || (!this.isRunning && !this.processes.isMainAlive());
  }

  /** Settles when the container has ended; rejects when the handle is closed before. */
  get whenEnded(): Promise<WaitResult> {
    return this.#ended.promise;
  }

  /** Settles when the container has ended; rejects with the signal's reason, and when the handle is closed before. */
  async ended(signal: AbortSignal): Promise<WaitResult> {
    this.#endedOutcome ??= new SharedOutcome(this.#ended.promise);
    return this.#result ?? this.#endedOutcome.wait(signal);
  }

  /**
   * Settles with the one result of the task when its output is delivered as well, also when that was long ago; rejects with the
   * signal's reason.
   */
  wait(signal: AbortSignal): Promise<WaitResult> {
    this.#deliveredOutcome ??= new SharedOutcome(this.#delivered);
    return this.#deliveredOutcome.wait(signal);
  }

  status(): TaskStatus {
    const { id, name } = this.task;
    const state = this.isRunning ? "running" : "exited";
    return {
      id,
      name,
      state,
      startedAt: this.startedAt,
      completedAt: this.#completedAt,
      result: this.#result,
      attributes: { container_id: this.containerId },
    };
  }

  /** Tells the task's owner what happens. */
  emit(message: string): void {
    this.#surroundings.emit(message);
  }

  /** Has the watch look at the container now: somebody has found that it does not run. */
  lookAgain(): void {
    this.#exit.lookAgain();
  }

  /**
   * For those who end the task: its stopped container is not started (again) from now on. Settles when a start that is under
   * way has come to its end, or after `timeoutMs`.
   */
  async endRestart(timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.#container.endRestarts();
    if (this.#container.isRestarting) await this.#whenFound(AbortSignal.any([signal, AbortSignal.timeout(toTimerMs(timeoutMs))]));
  }

  /** Ends with the task, and when the handle is closed. */
  stats(options: { readonly intervalMs: number; readonly compute: NodeCompute }, signal: AbortSignal): Feed<TaskStats> {
    const open = (): StatsSource => openStatsSource(this, { shared: this.engine.stats, intervalMs: options.intervalMs });
    return followStats({ ...options, open, ready: this.#found.promise, closed: this.#stop.signal }, signal);
  }

  /** For those who have killed the task and know no more: a task that nobody can tell the end of has failed for that reason. */
  giveUp(reason: string): void {
    this.#givenUp ??= reason;
    this.#watching.abort(reason);
  }

  /** Lets go of the container, which runs on. Settles when watch and pump have ended. */
  async close(): Promise<void> {
    const reason = new Error(`task ${this.id} was let go`);
    this.#stop.abort(reason);
    this.#watching.abort(reason);
    await this.#delivered.catch(() => undefined);
  }

  /** Settles when it can be watched. What Podman said of the container is held until then, not for as long as it runs. */
  async #find(origin: TaskOrigin): Promise<WaitResult | undefined> {
    // Whoever started the task has the answer first: to open its logs and its watch takes a third of what the driver adds to a start.
    // In one turn the answer leaves, in the next its status, without which it does not count.
    await nextTurn();
    await nextTurn();
    return this.#container.find(origin, this.#stop.signal, this.#watching.signal);
  }

  async #live(finding: Promise<WaitResult | undefined>): Promise<WaitResult> {
    const signal = this.#stop.signal;
    let logs: TaskLogs | undefined;
    let health: HealthWatch | undefined;
    let letLoose: (() => void) | undefined;
    try {
      const failure = await finding.catch(this.#toLost);
      if (failure === undefined) {
        logs = this.#collect();
        health = this.#watchHealth();
        letLoose = keepToSharedCpus({ task: this.task, processes: this.processes, ...this.#surroundings });
      }
      this.#found.resolve();
      const result = failure ?? (await this.#watch().catch(this.#toLost));
      this.#forgetFailures();
      this.#result = result;
      this.#completedAt = new Date();
      this.#ended.resolve(result);
      const lastHealth = health?.end(signal);
      // Whoever lets go of a task that has ended wants no more of its output, and those who wait get its result all the same.
      if (logs !== undefined) await settleOrAbort(logs.drain(drainLimitsOf(this.#terms.logRoute.from)), signal).catch(() => undefined);
      await lastHealth;
      return result;
    } catch (error) {
      this.#ended.reject(error);
      throw error;
    } finally {
      this.#forgetFailures();
      letLoose?.();
      this.#found.resolve();
      await health?.close();
      await logs?.close();
    }
  }

  #watchHealth(): HealthWatch | undefined {
    const { healthCheck: times } = this.#terms;
    const { services, emit } = this.#surroundings;
    if (times === undefined) return undefined;
    const { containerId, engine } = this;
    return new HealthWatch({ containerId, engine, times, knownStatus: this.#container.healthStatus, failures: services.checks, emit });
  }

  #collect(): TaskLogs | undefined {
    return collectOutput({
      subject: this.#subject,
      surroundings: this.#surroundings,
      route: this.#terms.logRoute,
      isFresh: this.#isFresh,
      logPlace: this.#container.logPlace,
      processes: this.processes,
      onEnd: () => this.lookAgain(),
    });
  }

  #watch(): Promise<WaitResult> {
    const { looks, waits } = this.#surroundings.services;
    const options = {
      sources: this.#exit,
      startedAt: this.startedAt,
      sameBoot: this.#container.isOfThisBoot,
      memoryLimitBytes: this.#container.memoryLimitBytes,
      looks: looks.of(this.containerId),
      waits: waits.of(this.containerId),
    };
    return waitForExit(options, this.#watching.signal);
  }

  #forgetFailures(): void {
    const { looks, waits } = this.#surroundings.services;
    looks.forget(this.containerId);
    waits.forget(this.containerId);
  }

  /** Unknown once somebody has given up on it, also when the handle is closed right behind. */
  readonly #toLost = (error: unknown): WaitResult => {
    if (this.#givenUp === undefined) throw error;
    return loseExit(this.#givenUp);
  };

  /** Settles when the container has been looked at, or the signal fires. */
  async #whenFound(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await settleOrAbort(this.#found.promise, signal).catch(() => undefined);
  }
}
