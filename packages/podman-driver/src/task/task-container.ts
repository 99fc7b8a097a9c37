import type { ContainerInspect } from "@driver/libpod";
import { DriverError, type Logger, type TaskConfig, type WaitResult } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { DriverServices } from "../driver-services.ts";
import type { Engine } from "../engine/engine.ts";
import type { LogPlace } from "../logs/file-logs.ts";
import { identifyWithoutEngine, type ContainerProcesses } from "../host/container-processes.ts";
import type { ProcessIdentity } from "../host/proc-files.ts";
import type { TaskTerms } from "../plan/task-terms.ts";
import { hasStopped, loseSilentExit, unknownExitCode } from "./exit-verdict.ts";
import { defaultExitTimings } from "./exit-timings.ts";
import { findContainer } from "./find-container.ts";
import { hearPodman } from "./hear-podman.ts";
import { restartStopped } from "./restart-stopped.ts";
import { identifyInspected, TaskProcesses } from "./task-processes.ts";

/** What is asked for of a task after its start. */
export type KeptTask = Pick<TaskConfig, "id" | "name" | "allocId" | "allocDir" | "stdoutPath" | "stderrPath" | "resources">;

/** Lets go of the rest, such as the environment, which is the larger part and would be held as long as the task runs. */
export function keepOf({ id, name, allocId, allocDir, stdoutPath, stderrPath, resources }: TaskConfig): KeptTask {
  return { id, name, allocId, allocDir, stdoutPath, stderrPath, resources };
}

/** Which container a task has, and where. */
export interface TaskSubject {
  readonly task: KeptTask;
  readonly engine: Engine;
  readonly containerId: string;
}

/** How a task came to this plugin, and how much is known of its container then. `startedAt`: as far as that is known. */
export type TaskOrigin = { readonly startedAt: Date } & (
  /** This plugin has just started it. `isTakenOver`: the container was made by an earlier call, perhaps of a plugin that has died. */
  | {
      readonly kind: "started";
      readonly inspect: ContainerInspect;
      readonly processes: ContainerProcesses;
      readonly isTakenOver: boolean;
    }
  /** Recovered, and Podman has told of it just now. */
  | (Recovered & { readonly kind: "found"; readonly inspect: ContainerInspect; readonly processes: ContainerProcesses })
  /** Recovered, and Podman does not answer. `proven`: its main process, as it was proved when the task was started in this boot. */
  | (Recovered & {
      readonly kind: "unseen";
      readonly proven: ProcessIdentity | undefined;
      /** The image's stop signal as an earlier plugin knew it. */
      readonly stopSignal: string | undefined;
    })
);

type UnseenOrigin = Extract<TaskOrigin, { readonly kind: "unseen" }>;

interface Recovered {
  /** False: the host was rebooted since the task was started. */
  readonly sameBoot: boolean;
  /** Set: a container that has stopped is started again before it is watched; with the address that Nomad knows the task by. */
  readonly restarts: { readonly address: string | undefined } | undefined;
}

export interface TaskContainerOptions {
  readonly subject: TaskSubject;
  readonly terms: Pick<TaskTerms, "memoryLimitBytes">;
  readonly services: DriverServices;
  readonly logger: Logger;
}

const { lostGraceMs } = defaultExitTimings;
/** One that is to be started again waits longer: after a reboot it may take minutes until Podman answers. */
const restartGraceMs = 5 * 60_000;
const identifyPauses: BackOffLimits = { shortestMs: 100, longestMs: 2000 };

/**
 * A task's container as far as Podman and the kernel have told of it, until it can be watched. Keeps of what Podman said only what
 * is asked for later: there is one for each task.
 */
export class TaskContainer {
  /** What the kernel knows of it. */
  readonly processes: TaskProcesses;
  readonly #options: TaskContainerOptions;
  readonly #noMoreTries = new AbortController();
  readonly #logPlace = Promise.withResolvers<LogPlace>();
  readonly #sameBoot: boolean;
  #startedAt: Date;
  #isRestarting = false;
  #hasRestarted = false;
  #stopSignal: string;
  #memoryLimitBytes: number | undefined;
  #healthStatus = "";
  #networkOwnerId: string | undefined;

  /** Does nothing yet. */
  constructor(options: TaskContainerOptions, origin: TaskOrigin) {
    const { subject, terms, services } = options;
    this.processes = new TaskProcesses(services.roots, subject.containerId, knownProcesses(options, origin));
    this.#sameBoot = origin.kind === "started" || origin.sameBoot;
    this.#startedAt = origin.startedAt;
    this.#stopSignal = (origin.kind === "unseen" ? origin.stopSignal : origin.inspect.config.stopSignal) ?? "";
    this.#memoryLimitBytes = terms.memoryLimitBytes;
    this.#networkOwnerId = origin.kind === "unseen" ? undefined : toNetworkOwner(origin.inspect);
    this.#options = options;
    this.#logPlace.promise.catch(() => undefined);
  }

  /** When its process was started last. */
  get startedAt(): Date {
    return this.#startedAt;
  }

  /** The image's stop signal as Podman gives it, a name or a number; empty while it is not known. */
  get stopSignal(): string {
    return this.#stopSignal;
  }

  /** In bytes; undefined: none. */
  get memoryLimitBytes(): number | undefined {
    return this.#memoryLimitBytes;
  }

  /** What Podman said last of its health check; empty: nothing. */
  get healthStatus(): string {
    return this.#healthStatus;
  }

  /** Id of the container whose network it has joined; undefined: it is on no other's, or that is not known yet. */
  get networkOwnerId(): string | undefined {
    return this.#networkOwnerId;
  }

  /** False: it was started before the host's last reboot. */
  get isOfThisBoot(): boolean {
    // A process that the kernel has in the container's cgroup was started in this boot, whatever an old state says.
    return this.#sameBoot || this.#hasRestarted || this.processes.main !== undefined;
  }

  /** Where Podman says that its log is; settles as soon as it says anything, and rejects when it does not know the container. */
  get logPlace(): Promise<LogPlace> {
    return this.#logPlace.promise;
  }

  /**
   * Settles when it can be watched; with the task's end where it was to be started again and was not, and where nobody can tell how
   * its process has ended. Rejects with the reason of `signal`, and of `giveUp` while Podman is waited for. Called once, with the
   * origin that this was made of.
   */
  async find(origin: TaskOrigin, signal: AbortSignal, giveUp: AbortSignal): Promise<WaitResult | undefined> {
    if (origin.kind === "unseen") return this.#findUnseen(origin, signal, giveUp);
    if (this.processes.isUncertain) await this.#identify(origin.inspect, this.processes.main, signal);
    return this.#meet(origin.inspect, origin.kind === "started" ? undefined : origin.restarts, signal);
  }

  async #findUnseen({ proven, restarts }: UnseenOrigin, signal: AbortSignal, giveUp: AbortSignal): Promise<WaitResult | undefined> {
    const { services: { heartbeat } } = this.#options;
    const asking = this.#ask(signal);
    asking.catch(() => undefined);
    // All that its end needs may be in sight: then Podman is asked for the sake of its output only.
    if (this.processes.isMainKnown && this.processes.conmonFolders !== undefined) return undefined;
    const patienceMs = restarts === undefined ? lostGraceMs : restartGraceMs;
    const inspect = await hearPodman(asking, { processes: this.processes, heartbeat, patienceMs }, AbortSignal.any([signal, giveUp]));
    if (inspect === "silent") return loseSilentExit(patienceMs);
    if (inspect === undefined) return undefined;
    await this.#identify(inspect, proven, signal);
    return this.#meet(inspect, restarts, signal);
  }

  /** It is not started (again) from now on; a start that is under way comes to its end. */
  endRestarts(): void {
    this.#noMoreTries.abort(new DriverError("task-state", "recover_stopped: the task was stopped before its container was started again"));
  }

  /** True while it is started again. */
  get isRestarting(): boolean {
    return this.#isRestarting;
  }

  /** Asks Podman until it answers. */
  async #ask(signal: AbortSignal): Promise<ContainerInspect | undefined> {
    const { subject: { engine, containerId }, services } = this.#options;
    try {
      const inspect = await findContainer(engine.client, containerId, services.looks, signal);
      if (inspect === undefined) throw new DriverError("task-not-found", `container ${containerId.slice(0, 12)} is gone`);
      this.#note(inspect);
      return inspect;
    } catch (error) {
      this.#logPlace.reject(error);
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Starts a container again that has stopped, where that is wanted. Answers with the task's end where it fails. */
  async #meet(inspect: ContainerInspect, restarts: Recovered["restarts"], signal: AbortSignal): Promise<WaitResult | undefined> {
    const { subject: { engine, containerId }, logger } = this.#options;
    this.#note(inspect);
    const noMoreTries = this.#noMoreTries.signal;
    if (restarts === undefined || !hasStopped(inspect.state) || this.processes.isMainAlive() || noMoreTries.aborted) return undefined;
    this.#isRestarting = true;
    try {
      const restarted = await restartStopped({ engine, containerId, address: restarts.address, logger, noMoreTries }, signal);
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
    const { subject: { engine }, services } = this.#options;
    for (const backOff = new BackOff(identifyPauses); ; await backOff.pause(signal)) {
      this.processes.replace(identifyInspected(services.roots, engine.socketPath, inspect, proven));
      if (!this.processes.isUncertain) return;
    }
  }

  #note(inspect: ContainerInspect): void {
    this.#stopSignal = inspect.config.stopSignal;
    this.#healthStatus = inspect.state.healthStatus;
    this.#networkOwnerId = toNetworkOwner(inspect);
    // Where the state does not tell, it is as Nomad knows it, and a key of the task's config may have set another.
    if (inspect.host.memoryBytes > 0) this.#memoryLimitBytes = inspect.host.memoryBytes;
    this.#logPlace.resolve({ logPath: inspect.host.logPath, staticDir: inspect.staticDir });
  }
}

function toNetworkOwner({ host }: ContainerInspect): string | undefined {
  return /^container:(.+)$/.exec(host.networkMode)?.[1];
}

function knownProcesses(
  { subject: { engine: { socketPath }, containerId }, services }: TaskContainerOptions,
  origin: TaskOrigin,
): ContainerProcesses {
  if (origin.kind !== "unseen") return origin.processes;
  const { proven, sameBoot } = origin;
  const found = proven === undefined ? undefined : identifyWithoutEngine(services.roots, { socketPath, containerId, proven });
  // Gone with a reboot, or while nobody watched: then nobody is left but Podman who could tell its code.
  const isGone = !sameBoot || proven !== undefined;
  return found ?? { mainIsGone: isGone, conmonIsLost: isGone };
}
