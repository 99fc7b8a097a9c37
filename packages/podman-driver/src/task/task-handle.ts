import type { ContainerInspect } from "@driver/libpod";
import { DriverError, type Logger } from "@driver/nomad-plugin";
import { type TaskConfig, type TaskStats, type TaskStatus, type WaitResult } from "@driver/nomad-plugin";
import { readCgroupSample, readOomKills } from "../host/cgroup-counters.ts";
import { identifyContainer, type ContainerProcesses } from "../host/container-processes.ts";
import type { DriverServices } from "../driver-services.ts";
import { readExitRecord, type ExitRecord } from "../host/exit-directory.ts";
import { hasOomRecord } from "../host/kernel-log.ts";
import type { PodmanHost } from "../host/podman-host.ts";
import { isAlive, type HostRoots } from "../host/proc-files.ts";
import { openFileLogs } from "../logs/file-logs.ts";
import { openJournalLogs } from "../logs/journal-logs.ts";
import type { LogCollector } from "../logs/open-log-sinks.ts";
import { TaskLogs, type OpenLogs } from "../logs/task-logs.ts";
import { memoryLimitBytes } from "../plan/resources.ts";
import { findContainer } from "./find-container.ts";
import { hasStopped, unknownExitCode } from "./exit-verdict.ts";
import { waitForExit, type ExitSources, type HintWatch } from "./exit-watcher.ts";
import { restartStopped } from "./restart-stopped.ts";
import { followStats, type NodeCompute } from "./stats-sampler.ts";

/** Where the task's output is kept until it is collected. */
export type KeptLog =
  /** conmon's file, which may take so much of the disk. */
  | { readonly kind: "file"; readonly limitBytes: number | undefined }
  /** The host's journal, to be read from `since` on when no position was saved; undefined: from the beginning. */
  | { readonly kind: "journal"; readonly since: Date | undefined };

export interface TaskHandleOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly host: PodmanHost;
  readonly startedAt: Date;
  /** False: the host was rebooted since the task was started. */
  readonly sameBoot: boolean;
  /** True: this plugin has just started it; false: it was recovered. */
  readonly isFresh: boolean;
  /** The container's main process as an earlier plugin saw it in this boot; 0 where it did not. */
  readonly seenPid: number;
  /** Set where they were looked at already. */
  readonly processes?: ContainerProcesses;
  /** Who writes the task's log files; undefined: nobody here, or conmon itself for a task of the Go driver. */
  readonly collector: LogCollector | undefined;
  readonly keptLog: KeptLog;
  /** What Podman said of the container; undefined when it could not be asked and must be, as soon as it answers. */
  readonly observed: ContainerInspect | undefined;
  /** Set: a container that has stopped is started again before it is watched; with the address that Nomad knows the task by. */
  readonly restarts?: { readonly address: string | undefined } | undefined;
  readonly services: DriverServices;
  readonly logger: Logger;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

/** When a task has ended, its output may take this long to reach a reader that is slow, and longer while more of it comes. */
const drainLimits = { timeoutMs: 10_000, mostMs: 60_000 };

/**
 * A task whose container was started, now or by an earlier plugin: it cannot be told which. Owns the exit watch and the
 * log pump; both go on until the task has ended or `close` is called.
 */
export class TaskHandle {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly host: PodmanHost;
  readonly #options: TaskHandleOptions;
  readonly #stop = new AbortController();
  readonly #noMoreTries = new AbortController();
  readonly #found = Promise.withResolvers<void>();
  readonly #ended: Promise<WaitResult>;
  #startedAt: Date;
  #isRestarting = false;
  #hasRestarted = false;
  /** As far as the kernel vouches for them. */
  #processes: ContainerProcesses = { conmonIsLost: false };
  #stopSignal = "";
  #survivedOomKills: number | undefined;
  #hintOfExit: () => void = () => undefined;
  #result: WaitResult | undefined;
  #completedAt: Date | undefined;

  constructor(options: TaskHandleOptions) {
    this.task = options.task;
    this.containerId = options.containerId;
    this.host = options.host;
    this.#startedAt = options.startedAt;
    this.#options = options;
    this.#ended = this.#live();
    // Every waiter sees a failure for itself; without one there is nobody to tell.
    this.#ended.catch(() => undefined);
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

  get isRunning(): boolean {
    return this.#result === undefined;
  }

  /** Settles with the one result of the task, also when it has long ended; rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<WaitResult> {
    if (this.#result !== undefined) return this.#result;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      this.#ended.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  status(): TaskStatus {
    const { id, name } = this.task;
    const state = this.isRunning ? "running" : "exited";
    return { id, name, state, startedAt: this.startedAt, completedAt: this.#completedAt, result: this.#result, attributes: { container_id: this.containerId } };
  }

  /** For those who end the task: what the kernel has killed for memory until now is not why it ends. */
  noteStop(): void {
    const { cgroup, main } = this.#processes;
    // A main process that is dead already may be one of those killed.
    if (cgroup === undefined || main === undefined || !isAlive(this.#options.services.roots, main)) return;
    this.#survivedOomKills ??= readOomKills(cgroup);
  }

  /** Sends a signal to the container's main process without Podman. `unknown`: nobody knows which process it is. */
  signalProcess(signalNumber: number): "sent" | "gone" | "unknown" {
    const { main } = this.#processes;
    if (main === undefined) return "unknown";
    if (!isAlive(this.#options.services.roots, main)) return "gone";
    try {
      process.kill(main.pid, signalNumber);
      return "sent";
    } catch {
      // It ended between the look and the blow, or belongs to a user whom this one may not touch.
      return "gone";
    }
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

  /** Ends with the task. Yields nothing where the container's cgroup cannot be read. */
  stats(options: { readonly intervalMs: number; readonly compute: NodeCompute }, signal: AbortSignal): AsyncIterable<TaskStats> {
    const read = (): ReturnType<typeof readCgroupSample> => {
      const { cgroup } = this.#processes;
      return this.isRunning && cgroup !== undefined ? readCgroupSample(cgroup) : undefined;
    };
    const either = AbortSignal.any([signal, this.#stop.signal]);
    return followStats({ ...options, read, ready: this.#whenFound(either) }, either);
  }

  /** Lets go of the container, which runs on. Settles when watch and pump have ended. */
  async close(): Promise<void> {
    this.#stop.abort(new Error(`task ${this.id} was let go`));
    await this.#ended.catch(() => undefined);
  }

  async #live(): Promise<WaitResult> {
    const signal = this.#stop.signal;
    try {
      const found = await this.#find(signal);
      this.#result = found !== undefined && "exitCode" in found ? found : await this.#watch(found, signal);
      this.#completedAt = new Date();
      return this.#result;
    } finally {
      this.#found.resolve();
    }
  }

  /** The container as it is to be watched, or the task's end where it was to be started again and was not. */
  async #find(signal: AbortSignal): Promise<ContainerInspect | WaitResult | undefined> {
    const { logger, observed, restarts } = this.#options;
    const inspect = observed ?? (await findContainer(this.host.client, this.containerId, logger, signal));
    if (inspect === undefined || restarts === undefined || !hasStopped(inspect.state) || this.#noMoreTries.signal.aborted) return inspect;
    this.#isRestarting = true;
    try {
      const request = { host: this.host, containerId: this.containerId, address: restarts.address, logger, noMoreTries: this.#noMoreTries.signal };
      const restarted = await restartStopped(request, signal);
      this.#startedAt = restarted.state.startedAt ?? new Date();
      this.#hasRestarted = true;
      return restarted;
    } catch (error) {
      signal.throwIfAborted();
      return { exitCode: unknownExitCode, signal: 0, oomKilled: false, error: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#isRestarting = false;
    }
  }

  async #watch(inspect: ContainerInspect | undefined, signal: AbortSignal): Promise<WaitResult> {
    const logs = inspect === undefined ? undefined : this.#attach(inspect);
    this.#found.resolve();
    try {
      const result = await waitForExit(
        {
          sources: this.#exitSources(),
          startedAt: this.#startedAt,
          // A process that the kernel has in the container's cgroup was started in this boot, whatever an old state says.
          sameBoot: this.#options.sameBoot || this.#hasRestarted || this.#processes.main !== undefined,
          memoryLimitBytes: memoryLimitBytes(this.task.resources),
          logger: this.#options.logger,
        },
        signal,
      );
      await logs?.drain(drainLimits);
      return result;
    } finally {
      await logs?.close();
    }
  }

  /** Settles when the container has been looked at, or the signal fires. */
  async #whenFound(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = (): void => resolve();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.race([this.#found.promise, promise]);
    signal.removeEventListener("abort", stop);
  }

  #attach(inspect: ContainerInspect): TaskLogs | undefined {
    const { pid, conmonPid, cgroupPath } = inspect.state;
    const { services, logger, collector, keptLog, processes, seenPid } = this.#options;
    this.#processes = processes ?? identifyContainer(services.roots, { containerId: this.containerId, pid, conmonPid, cgroupPath, seenPid });
    this.#stopSignal = inspect.config.stopSignal;
    if (collector === undefined) return undefined;
    const open = keptLog.kind === "journal" ? () => this.#openJournal(collector, keptLog.since) : () => this.#openFile(collector, { inspect, limitBytes: keptLog.limitBytes });
    return new TaskLogs({ taskId: this.id, open, logger });
  }

  #openFile(collector: LogCollector, { inspect, limitBytes }: { readonly inspect: ContainerInspect; readonly limitBytes: number | undefined }): Promise<OpenLogs> {
    const { services, logger, isFresh } = this.#options;
    return openFileLogs({
      task: this.task,
      containerId: this.containerId,
      collector,
      logPath: inspect.host.logPath,
      staticDir: inspect.staticDir,
      socketPath: this.host.socketPath,
      limitBytes,
      isFresh,
      heartbeat: services.heartbeat,
      buffers: services.logBuffers,
      logger,
      onDropped: (lostBytes) => {
        this.#options.emit(`Dropped ${lostBytes} bytes of log output: nobody took it`, { dropped_bytes: String(lostBytes) });
      },
    });
  }

  #openJournal(collector: LogCollector, since: Date | undefined): Promise<OpenLogs> {
    const { logger, isFresh } = this.#options;
    const { task, containerId } = this;
    const onTrouble = (advice: string): void => {
      logger.warn(advice, { container: containerId });
      this.#options.emit(advice);
    };
    const { containers } = this.host.client;
    return openJournalLogs({ task, containerId, collector, containers, since, isFresh, logger, onTrouble, onEnd: () => this.#hintOfExit() });
  }

  #exitSources(): ExitSources {
    const { containers } = this.host.client;
    const { roots } = this.#options.services;
    return {
      readExitRecord: () => this.#readExitRecord(),
      inspect: async (signal) => (await containers.inspect(this.containerId, signal))?.state,
      wait: (intervalMs, signal) => containers.wait(this.containerId, { conditions: ["exited", "stopped"], intervalMs }, signal),
      watchHints: (hint) => this.#watchHints(hint),
      isConmonAlive: () => !this.#isConmonGone(roots),
      readOomKills: () => (this.#processes.cgroup === undefined ? undefined : readOomKills(this.#processes.cgroup)),
      survivedOomKills: () => this.#survivedOomKills,
      hasOomRecord: () => hasOomRecord(roots, this.containerId),
    };
  }

  /** Not for output in the host's journal: its last lines come by Podman's API, so that the end must wait for an answer of Podman, too. */
  get #readsExitRecord(): boolean {
    const { collector, keptLog } = this.#options;
    return keptLog.kind === "file" || collector === undefined;
  }

  #readExitRecord(): ExitRecord | undefined {
    const { conmonFolders } = this.#processes;
    return conmonFolders === undefined || !this.#readsExitRecord ? undefined : readExitRecord(conmonFolders, this.containerId);
  }

  #isConmonGone(roots: HostRoots): boolean {
    const { conmon, conmonIsLost } = this.#processes;
    return conmonIsLost || (conmon !== undefined && !isAlive(roots, conmon));
  }

  #watchHints(hint: () => void): HintWatch {
    const { roots, heartbeat, exitDirectories } = this.#options.services;
    const { main, conmonFolders } = this.#processes;
    this.#hintOfExit = hint;
    const hintIfGone = (): void => {
      if (this.#isConmonGone(roots) || (main !== undefined && !isAlive(roots, main))) hint();
    };
    const stopBeat = heartbeat.subscribe(hintIfGone);
    const hasFolder = conmonFolders !== undefined && exitDirectories.subscribe(conmonFolders.exits, this.containerId, hint);
    const seesAll = hasFolder && main !== undefined && this.#readsExitRecord;
    const stopEvents = seesAll ? undefined : this.host.events.subscribe(this.containerId, hint);
    // Its exit file may have come before the watch.
    hintIfGone();
    return {
      sight: seesAll ? "whole" : hasFolder ? "partial" : "none",
      close: () => {
        stopBeat();
        stopEvents?.();
        if (conmonFolders !== undefined) exitDirectories.unsubscribe(conmonFolders.exits, this.containerId);
      },
    };
  }
}
