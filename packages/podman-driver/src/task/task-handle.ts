import type { ContainerInspect } from "@driver/libpod";
import { DriverError, type Logger } from "@driver/nomad-plugin";
import { type TaskConfig, type TaskStats, type TaskStatus, type WaitResult } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { NodeCompute } from "../config/driver-config.ts";
import type { LogRoute } from "../config/log-route.ts";
import type { DriverServices } from "../driver-services.ts";
import { identifyWithoutEngine, type ContainerProcesses } from "../host/container-processes.ts";
import type { Engine } from "../engine/engine.ts";
import type { ProcessIdentity } from "../host/proc-files.ts";
import type { TaskLogs } from "../logs/task-logs.ts";
import type { HealthCheckTimes } from "../topics/health.ts";
import { memoryLimitBytes } from "../topics/limits/memory.ts";
import type { RepeatedFailure } from "../repeated-failure.ts";
import { settleOrAbort } from "../settle-or-abort.ts";
import { SharedOutcome } from "../shared-outcome.ts";
import { toExitSources } from "./exit-sources.ts";
import { hasStopped, loseExit, loseSilentExit, unknownExitCode } from "./exit-verdict.ts";
import { defaultExitTimings, waitForExit, type ExitSources, type Outcomes } from "./exit-watcher.ts";
import { findContainer } from "./find-container.ts";
import { hearPodman } from "./hear-podman.ts";
import { HealthWatch } from "./health-watch.ts";
import { keepToSharedCpus } from "./keep-to-shared-cpus.ts";
import { restartStopped } from "./restart-stopped.ts";
import { followStats } from "./stats-sampler.ts";
import { openStatsSource, type StatsSource } from "./stats-source.ts";
import { collectOutput, drainLimitsOf } from "./task-output.ts";
import { identifyInspected, TaskProcesses } from "./task-processes.ts";

const { lostGraceMs } = defaultExitTimings;
/** One that is to be started again waits longer: after a reboot it may take minutes until Podman answers. */
const restartGraceMs = 5 * 60_000;
const identifyPauses: BackOffLimits = { shortestMs: 100, longestMs: 2000 };

/** How much is known of a task's container when its handle is made. */
export type SeenContainer =
  /** Podman has told of it just now. */
  | { readonly kind: "inspected"; readonly inspect: ContainerInspect; readonly processes: ContainerProcesses }
  /** Podman does not answer. `proven`: its main process, as it was proved when the task was started in this boot. */
  | { readonly kind: "unseen"; readonly proven: ProcessIdentity | undefined };

export interface TaskHandleOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly engine: Engine;
  readonly startedAt: Date;
  /** False: the host was rebooted since the task was started. */
  readonly sameBoot: boolean;
  /** True: this plugin has just started it; false: it was recovered. */
  readonly isFresh: boolean;
  readonly seen: SeenContainer;
  /** The image's stop signal as an earlier plugin knew it; counts until Podman has told. */
  readonly stopSignal?: string | undefined;
  readonly logRoute: LogRoute;
  /** Set: a container that has stopped is started again before it is watched; with the address that Nomad knows the task by. */
  readonly restarts?: { readonly address: string | undefined } | undefined;
  /** Undefined: the task has no health check of its own. */
  readonly healthCheck?: HealthCheckTimes | undefined;
  readonly services: DriverServices;
  readonly logger: Logger;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

/**
 * A task whose container was started, now or by an earlier plugin: it cannot be told which. Owns the exit watch and the log
 * pump. It has two ends: `ended`, when its container has, which is what counts for those who stop it; and the delivery of its
 * last output, which only those wait for who wait for its result.
 */
export class TaskHandle {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly engine: Engine;
  /** What the kernel knows of it. */
  readonly processes: TaskProcesses;
  readonly #options: TaskHandleOptions;
  readonly #stop = new AbortController();
  readonly #noMoreTries = new AbortController();
  readonly #found = Promise.withResolvers<void>();
  readonly #inspected = Promise.withResolvers<ContainerInspect>();
  readonly #ended = Promise.withResolvers<WaitResult>();
  readonly #giveUp = new AbortController();
  readonly #endedOutcome = new SharedOutcome(this.#ended.promise);
  readonly #delivered: Promise<WaitResult>;
  readonly #deliveredOutcome: SharedOutcome<WaitResult>;
  #startedAt: Date;
  #isRestarting = false;
  #hasRestarted = false;
  #stopSignal: string;
  #memoryLimitBytes: number | undefined;
  #healthStatus = "";
  #hintOfExit: () => void = () => undefined;
  #result: WaitResult | undefined;
  #completedAt: Date | undefined;

  constructor(options: TaskHandleOptions) {
    this.task = options.task;
    this.containerId = options.containerId;
    this.engine = options.engine;
    this.processes = new TaskProcesses(options.services.roots, this.containerId, knownProcesses(options));
    this.#startedAt = options.startedAt;
    this.#stopSignal = options.stopSignal ?? "";
    this.#memoryLimitBytes = memoryLimitBytes(this.task.resources);
    this.#options = options;
    this.#delivered = this.#live();
    this.#deliveredOutcome = new SharedOutcome(this.#delivered);
    // Every waiter sees a failure for itself; without one there is nobody to tell.
    for (const promise of [this.#delivered, this.#ended.promise, this.#inspected.promise]) promise.catch(() => undefined);
  }

  get id(): string {
    return this.task.id;
  }

  /** When the container's process was started last. */
  get startedAt(): Date {
    return this.#startedAt;
  }

  /** The image's stop signal as Podman gives it, a name or a number; empty while it is not known. */
  get stopSignal(): string {
    return this.#stopSignal;
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

  /** Settles when the container has ended; rejects with the signal's reason, and when the handle is closed before. */
  async ended(signal: AbortSignal): Promise<WaitResult> {
    return this.#result ?? this.#endedOutcome.wait(signal);
  }

  /**
   * Settles with the one result of the task when its output is delivered as well, also when that was long ago; rejects with the
   * signal's reason.
   */
  async wait(signal: AbortSignal): Promise<WaitResult> {
    return this.#deliveredOutcome.wait(signal);
  }

  status(): TaskStatus {
    const { id, name } = this.task;
    const state = this.isRunning ? "running" : "exited";
    return { id, name, state, startedAt: this.startedAt, completedAt: this.#completedAt, result: this.#result, attributes: { container_id: this.containerId } };
  }

  /** Tells the task's owner what happens. */
  emit(message: string): void {
    this.#options.emit(message);
  }

  /** Has the watch look at the container now: somebody has found that it does not run. */
  lookAgain(): void {
    this.#hintOfExit();
  }

  /**
   * For those who end the task: its stopped container is not started (again) from now on. Settles when a start that is under
   * way has come to its end, or after `timeoutMs`.
   */
  async endRestart(timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.#noMoreTries.abort(new DriverError("task-state", "recover_stopped: the task was stopped before its container was started again"));
    if (this.#isRestarting) await this.#whenFound(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
  }

  /** Ends with the task. */
  stats(options: { readonly intervalMs: number; readonly compute: NodeCompute }, signal: AbortSignal): AsyncIterable<TaskStats> {
    const { intervalMs } = options;
    const open = (): StatsSource => {
      const { cgroup } = this.processes;
      const isDead = (): boolean => this.processes.isMainGone();
      return openStatsSource({ containerId: this.containerId, cgroup, shared: this.engine.stats, intervalMs, isRunning: () => this.isRunning, isDead });
    };
    const either = AbortSignal.any([signal, this.#stop.signal]);
    return followStats({ ...options, open, ready: this.#whenFound(either) }, either);
  }

  /** For those who have killed the task and know no more: a task that nobody can tell the end of has failed for that reason. */
  giveUp(reason: string): void {
    this.#giveUp.abort(reason);
  }

  /** Lets go of the container, which runs on. Settles when watch and pump have ended. */
  async close(): Promise<void> {
    this.#stop.abort(new Error(`task ${this.id} was let go`));
    await this.#delivered.catch(() => undefined);
  }

  async #live(): Promise<WaitResult> {
    const signal = this.#stop.signal;
    let logs: TaskLogs | undefined;
    let health: HealthWatch | undefined;
    let letLoose: (() => void) | undefined;
    try {
      const failure = await this.#orGiveUp(this.#find(signal));
      if (failure === undefined) {
        logs = this.#collect();
        health = this.#watchHealth();
        letLoose = keepToSharedCpus({ task: this.task, processes: this.processes, services: this.#options.services, emit: this.#options.emit });
      }
      this.#found.resolve();
      const result = failure ?? (await this.#watch(signal));
      this.#result = result;
      this.#completedAt = new Date();
      this.#ended.resolve(result);
      const lastHealth = health?.end(signal);
      // Whoever lets go of a task that has ended wants no more of its output, and those who wait get its result all the same.
      if (logs !== undefined) await settleOrAbort(logs.drain(drainLimitsOf(this.#options.logRoute.from)), signal).catch(() => undefined);
      await lastHealth;
      return result;
    } catch (error) {
      this.#ended.reject(error);
      throw error;
    } finally {
      letLoose?.();
      this.#found.resolve();
      await health?.close();
      await logs?.close();
    }
  }

  #watchHealth(): HealthWatch | undefined {
    const { healthCheck: times, emit, services } = this.#options;
    if (times === undefined) return undefined;
    const { containerId, engine } = this;
    return new HealthWatch({ containerId, engine, times, knownStatus: this.#healthStatus, failures: services.checks, emit });
  }

  /** Settles when the task can be watched; with its end where it was to be started again and was not. */
  async #find(signal: AbortSignal): Promise<WaitResult | undefined> {
    const { seen } = this.#options;
    if (seen.kind === "inspected") {
      if (this.processes.isUncertain) await this.#identify(seen.inspect, this.processes.main, signal);
      return this.#meet(seen.inspect, signal);
    }
    const asking = this.#ask(signal);
    asking.catch(() => undefined);
    // All that its end needs may be in sight: then Podman is asked for the sake of its output only.
    if (this.processes.isMainKnown && this.processes.conmonFolders !== undefined) return undefined;
    const { restarts, services: { heartbeat } } = this.#options;
    const patienceMs = restarts === undefined ? lostGraceMs : restartGraceMs;
    const inspect = await hearPodman(asking, { processes: this.processes, heartbeat, patienceMs }, AbortSignal.any([signal, this.#giveUp.signal]));
    if (inspect === "silent") return loseSilentExit(patienceMs);
    if (inspect === undefined) return undefined;
    await this.#identify(inspect, seen.proven, signal);
    return this.#meet(inspect, signal);
  }

  /** Asks Podman until it answers. */
  async #ask(signal: AbortSignal): Promise<ContainerInspect | undefined> {
    try {
      const inspect = await findContainer(this.engine.client, this.containerId, this.#options.services.looks, signal);
      if (inspect === undefined) throw new DriverError("task-not-found", `container ${this.containerId.slice(0, 12)} is gone`);
      this.#note(inspect);
      return inspect;
    } catch (error) {
      this.#inspected.reject(error);
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Starts a container again that has stopped, where that is wanted. Answers with the task's end where it fails. */
  async #meet(inspect: ContainerInspect, signal: AbortSignal): Promise<WaitResult | undefined> {
    const { restarts, logger } = this.#options;
    this.#note(inspect);
    if (restarts === undefined || !hasStopped(inspect.state) || this.processes.isMainAlive() || this.#noMoreTries.signal.aborted) return undefined;
    this.#isRestarting = true;
    try {
      const request = { engine: this.engine, containerId: this.containerId, address: restarts.address, logger, noMoreTries: this.#noMoreTries.signal };
      const restarted = await restartStopped(request, signal);
      this.#startedAt = restarted.state.startedAt ?? new Date();
      this.#hasRestarted = true;
      await this.#identify(restarted, undefined, signal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      return { exitCode: unknownExitCode, signal: 0, oomKilled: false, error: messageOf(error) };
    } finally {
      this.#isRestarting = false;
    }
  }

  /** Where the kernel cannot be asked it is asked again: without it nobody could watch the task. */
  async #identify(inspect: ContainerInspect, proven: ProcessIdentity | undefined, signal: AbortSignal): Promise<void> {
    for (const backOff = new BackOff(identifyPauses); ; await backOff.pause(signal)) {
      this.processes.replace(identifyInspected(this.#options.services.roots, this.engine.socketPath, inspect, proven));
      if (!this.processes.isUncertain) return;
    }
  }

  #note(inspect: ContainerInspect): void {
    this.#stopSignal = inspect.config.stopSignal;
    this.#healthStatus = inspect.state.healthStatus;
    // A key of the task's config may have set another than Nomad knows of.
    if (inspect.host.memoryBytes > 0) this.#memoryLimitBytes = inspect.host.memoryBytes;
    this.#inspected.resolve(inspect);
  }

  #collect(): TaskLogs | undefined {
    const { logRoute: route, isFresh, services, logger, emit } = this.#options;
    return collectOutput({
      task: this.task,
      containerId: this.containerId,
      engine: this.engine,
      route,
      isFresh,
      inspected: this.#inspected.promise,
      processes: this.processes,
      services,
      logger,
      emit,
      onEnd: () => this.#hintOfExit(),
    });
  }

  async #watch(signal: AbortSignal): Promise<WaitResult> {
    const { sameBoot, services } = this.#options;
    const subject = this.containerId;
    const outcomesOf = (failures: RepeatedFailure): Outcomes => ({ failed: (error) => failures.failed(error, subject), succeeded: () => failures.succeeded(subject) });
    const watching = waitForExit(
      {
        sources: this.#exitSources(),
        startedAt: this.#startedAt,
        // A process that the kernel has in the container's cgroup was started in this boot, whatever an old state says.
        sameBoot: sameBoot || this.#hasRestarted || this.processes.main !== undefined,
        memoryLimitBytes: this.#memoryLimitBytes,
        looks: outcomesOf(services.looks),
        waits: outcomesOf(services.waits),
      },
      AbortSignal.any([signal, this.#giveUp.signal]),
    );
    try {
      return await this.#orGiveUp(watching);
    } finally {
      services.looks.forget(subject);
      services.waits.forget(subject);
    }
  }

  /** Unknown once somebody has given up on it, also when the handle is closed right behind. */
  async #orGiveUp<T>(result: Promise<T>): Promise<T | WaitResult> {
    try {
      return await result;
    } catch (error) {
      if (this.#giveUp.signal.aborted) return loseExit(String(this.#giveUp.signal.reason));
      throw error;
    }
  }

  #exitSources(): ExitSources {
    const { services } = this.#options;
    const sources = toExitSources({ containerId: this.containerId, engine: this.engine, processes: this.processes, services });
    return {
      ...sources,
      watchHints: (hint) => {
        this.#hintOfExit = hint;
        return sources.watchHints(hint);
      },
    };
  }

  /** Settles when the container has been looked at, or the signal fires. */
  async #whenFound(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await settleOrAbort(this.#found.promise, signal).catch(() => undefined);
  }
}

function knownProcesses({ seen, sameBoot, services, engine: { socketPath }, containerId }: TaskHandleOptions): ContainerProcesses {
  if (seen.kind === "inspected") return seen.processes;
  const found = seen.proven === undefined ? undefined : identifyWithoutEngine(services.roots, { socketPath, containerId, proven: seen.proven });
  // Gone with a reboot, or while nobody watched: then nobody is left but Podman who could tell its code.
  const isGone = !sameBoot || seen.proven !== undefined;
  return found ?? { mainIsGone: isGone, conmonIsLost: isGone };
}
