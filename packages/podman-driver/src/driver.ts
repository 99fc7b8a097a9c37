import type { Logger } from "@driver/nomad-plugin";
import {
  DriverError,
  type CreatedNetwork,
  type DriverCapabilities,
  type ExecInput,
  type ExecOutput,
  type ExecSetup,
  type ExecUpdate,
  type Fingerprint,
  type NetworkIsolationSpec,
  type NetworkWish,
  type PluginConfig,
  type PluginInfo,
  type Spec,
  type StartedTask,
  type TaskConfig,
  type TaskDriver,
  type TaskEvent,
  type TaskHandle as NomadTaskHandle,
  type TaskStats,
  type TaskStatus,
  type WaitResult,
} from "@driver/nomad-plugin";
import { resolveDriverConfig, type DriverConfig, type PluginHost } from "./config/driver-config.ts";
import { isNoAnswer, toDependents } from "./errors.ts";
import { pluginSchema } from "./config/plugin-schema.ts";
import { DriverServices } from "./driver-services.ts";
import { defaultHealthIntervals, type HealthIntervals } from "./engine/follow-engine.ts";
import { followHealth } from "./engine/health-monitor.ts";
import { Engines, type EnginesConfig } from "./engine/engines.ts";
import { findUser } from "./host/account-files.ts";
import { hostRoots } from "./host/proc-files.ts";
import { isMarkedAlive } from "./host/process-mark.ts";
import { countOwnCpus } from "./host/shared-cpus.ts";
import { toPluginInfo } from "./identity.ts";
import { ImageCleanUp } from "./image/image-clean-up.ts";
import { keepInfraImage } from "./image/infra-image.ts";
import { parseSignal } from "./plan/signal-name.ts";
import { taskSchema } from "./plan/task-schema.ts";
import { wantTask } from "./plan/want-task.ts";
import { AgentPresence } from "./reap/agent-presence.ts";
import { DanglingReaper } from "./reap/dangling-reaper.ts";
import { endTask, removeContainer } from "./task/destroy-container.ts";
import { EventBus } from "./task/event-bus.ts";
import { GroupNetworks } from "./task/group-networks.ts";
import { removeGroupPod } from "./task/group-pods.ts";
import { followExec, runExec, type ExecTarget } from "./task/exec-session.ts";
import { recoverTask } from "./task/recover-task.ts";
import { startTask } from "./task/start-task.ts";
import { followNetworkOwner } from "./task/network-owner.ts";
import { signalTask, stopContainer } from "./task/stop-container.ts";
import type { TaskHandle } from "./task/task-handle.ts";
import type { TaskSurroundings } from "./task/task-surroundings.ts";
import { TaskStore } from "./task/task-store.ts";
import { UnfinishedRemovals } from "./task/unfinished-removals.ts";

export interface PodmanDriverOptions {
  readonly logger: Logger;
  readonly version: string;
  /** Real user id; decides the socket when the operator names none. */
  readonly uid: number;
  readonly services?: DriverServices;
  readonly healthIntervals?: HealthIntervals;
}

/** What one plugin config comes to. It never changes: the next config makes another one. */
interface DriverSetup {
  readonly config: DriverConfig;
  readonly engines: Engines;
  /** Undefined: containers that Nomad has lost stay. */
  readonly reaper: DanglingReaper | undefined;
  /** Undefined: images stay. */
  readonly imageCleanUp: ImageCleanUp | undefined;
}

/** Nomad's task driver for Podman. Each method orchestrates; decisions and I/O are elsewhere. */
export class PodmanDriver implements TaskDriver {
  readonly #options: PodmanDriverOptions;
  readonly #services: DriverServices;
  readonly #events = new EventBus();
  readonly #tasks = new TaskStore(followNetworkOwner);
  readonly #presence = new AgentPresence();
  readonly #removals: UnfinishedRemovals;
  readonly #networks: GroupNetworks;
  readonly #host: PluginHost;
  #setup: DriverSetup;

  constructor(options: PodmanDriverOptions) {
    this.#options = options;
    this.#host = { uid: options.uid, findUser, cpuCount: countOwnCpus(hostRoots) };
    this.#services = options.services ?? new DriverServices(options.logger);
    this.#removals = new UnfinishedRemovals(options.logger.named("removals"));
    this.#networks = new GroupNetworks({ services: this.#services, removals: this.#removals, logger: options.logger.named("networks") });
    const config = resolveDriverConfig({ msgpack: new Uint8Array(), apiVersion: "" }, this.#host);
    const engines = new Engines(this.#toEnginesConfig(config), options.logger);
    this.#setup = { config, engines, reaper: undefined, imageCleanUp: undefined };
  }

  pluginInfo(): Promise<PluginInfo> {
    return Promise.resolve(toPluginInfo(this.#options.version));
  }

  configSchema(): Promise<Spec> {
    return Promise.resolve(pluginSchema.spec);
  }

  async setConfig(pluginConfig: PluginConfig): Promise<void> {
    const config = resolveDriverConfig(pluginConfig, this.#host);
    const keptImages = keepInfraImage(config.settings.images.infraImage);
    for (const { message } of config.warnings) this.#options.logger.warn(message);
    const former = this.#setup;
    const engines = former.engines.replaceBy(this.#toEnginesConfig(config));
    // Before the real launch an agent only checks the configuration.
    const isLaunched = pluginConfig.client !== undefined;
    this.#setup = {
      config,
      engines,
      reaper: isLaunched ? this.#startReaper(config, engines, former.reaper) : undefined,
      imageCleanUp: isLaunched ? this.#startImageCleanUp(config, { engines, keptImages, former: former.imageCleanUp }) : undefined,
    };
    await endRounds(former);
  }

  taskConfigSchema(): Promise<Spec> {
    return Promise.resolve(taskSchema.spec);
  }

  capabilities(): Promise<DriverCapabilities> {
    return Promise.resolve({
      sendSignals: true,
      exec: true,
      fsIsolation: "image",
      networkIsolationModes: ["group", "host", "task"],
      mustCreateNetwork: this.#setup.config.makesGroupPods,
      acceptsMounts: true,
      disableLogCollection: this.#setup.config.settings.logRoute.to.by !== "nomad",
      dynamicWorkloadUsers: false,
    });
  }

  fingerprint(signal: AbortSignal): AsyncIterable<Fingerprint> {
    const intervals = this.#options.healthIntervals ?? defaultHealthIntervals;
    const health = followHealth(
      this.#setup.engines,
      { intervals, roots: this.#services.roots, policy: () => this.#setup.config.settings.policy },
      signal,
    );
    return this.#presence.whileListening(health);
  }

  taskEvents(signal: AbortSignal): AsyncIterable<TaskEvent> {
    return this.#events.follow(signal);
  }

  async startTask(task: TaskConfig, signal: AbortSignal): Promise<StartedTask> {
    const { config: { settings }, engines } = this.#setup;
    const decoded = wantTask(task, settings);
    const { engine, name: socketName } = engines.resolve(decoded.wanted.image.socket);
    this.#presence.meet(task);
    const started = await this.#tasks.claim(task.id, { caller: signal, startedFor: this.#presence.session }, (claimed) =>
      startTask(
        { task, decoded, engine, socketName, settings, ...this.#surroundingsOf(task) },
        claimed,
      ),
    );
    this.#tasks.dropReplacedBy(task);
    return started;
  }

  async recoverTask(handle: NomadTaskHandle, signal: AbortSignal): Promise<void> {
    const { config } = handle;
    this.#presence.meet(config);
    await this.#presence.duringRecovery(async () => {
      if (this.#tasks.find(config.id) !== undefined) return;
      const { config: { restartsStopped, settings }, engines } = this.#setup;
      await this.#tasks.claim(config.id, { caller: signal }, async () => {
        const request = { handle, engines, restartsStopped, settings, ...this.#surroundingsOf(config) };
        return { task: await recoverTask(request, signal), answer: undefined };
      });
    });
  }

  async waitTask(taskId: string, signal: AbortSignal): Promise<WaitResult> {
    return this.#tasks.get(taskId).wait(signal);
  }

  async stopTask(taskId: string, options: { readonly timeoutMs: number; readonly killSignal: string }, signal: AbortSignal): Promise<void> {
    await this.#tasks.withdraw(taskId);
    const task = this.#tasks.find(taskId);
    // Gone already is as good as stopped; Nomad would try again five times over an error.
    if (task !== undefined) await stopContainer(task, options, this.#loggerOf(task.task), signal);
  }

  async destroyTask(taskId: string, options: { readonly force: boolean }, signal: AbortSignal): Promise<void> {
    if (options.force && (await this.#tasks.withdraw(taskId))) return;
    const task = this.#tasks.get(taskId);
    if (task.isRunning && !options.force) {
      throw new DriverError("task-state", `cannot destroy running task ${taskId}: stop it first, or use force`);
    }
    try {
      await this.#destroy(task, signal);
    } catch (error) {
      // Others may be in its network until they are destroyed too, or until it starts anew.
      const holders = toDependents(error, task.containerId);
      this.#removals.add(taskId, { remove: (stop) => this.#destroy(task, stop), holders });
      if (!(isNoAnswer(error) || holders.length > 0) || !task.hasEnded) throw error;
      // Nomad need not wait for the removal of a container that has ended.
      this.#tasks.delete(taskId);
    }
  }

  async #destroy(task: TaskHandle, signal: AbortSignal): Promise<void> {
    await endTask(task, signal);
    if (this.#setup.config.removesContainers) await removeContainer(task.engine.client, task.containerId, signal);
    this.#tasks.delete(task.id);
    await this.#removals.tryHeldBy(task.containerId);
  }

  async inspectTask(taskId: string): Promise<TaskStatus> {
    return this.#tasks.get(taskId).status();
  }

  taskStats(taskId: string, options: { readonly intervalMs: number }, signal: AbortSignal): AsyncIterable<TaskStats> {
    return this.#tasks.get(taskId).stats({ ...options, compute: this.#setup.config.compute }, signal);
  }

  async signalTask(taskId: string, signalName: string, signal: AbortSignal): Promise<void> {
    const number = parseSignal(signalName);
    await signalTask(this.#running(taskId), number, signal);
  }

  async execTask(
    taskId: string,
    options: { readonly command: readonly string[]; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<ExecOutput> {
    return runExec(this.#execTarget(taskId), options, signal);
  }

  execTaskStreaming(taskId: string, setup: ExecSetup, input: AsyncIterable<ExecInput>, signal: AbortSignal): AsyncIterable<ExecUpdate> {
    return followExec(this.#execTarget(taskId), setup, input, signal);
  }

  /** On the default socket, since Nomad does not tell which one the group's tasks choose. */
  async createNetwork(allocId: string, wish: NetworkWish, signal: AbortSignal): Promise<CreatedNetwork> {
    const { config: { makesGroupPods, settings: { images } }, engines } = this.#setup;
    if (!makesGroupPods && wish.connection === undefined) {
      throw new DriverError("unsupported", 'CreateNetwork RPC not supported by driver: it makes networks with group_network = "pod"');
    }
    const { nodeId, session } = this.#presence;
    const { processMark } = this.#services;
    return this.#networks.create(engines.resolve(""), { ...wish, allocId, nodeId, processMark, session, images }, signal);
  }

  /** Whatever makes networks now: this one was made when it was asked for. */
  async destroyNetwork(allocId: string, _spec: NetworkIsolationSpec | undefined, signal: AbortSignal): Promise<void> {
    const { config: { removesContainers }, engines } = this.#setup;
    await this.#networks.destroy(engines.resolve("").engine, allocId, { keepsStopped: !removesContainers }, signal);
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  /** The agent stops: containers run on, and so does this plugin until the agent ends it. */
  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  /** Lets go of every task, which runs on, and of all sockets, watches and timers. */
  async close(): Promise<void> {
    await endRounds(this.#setup);
    await this.#removals.close();
    await this.#tasks.close();
    this.#setup.engines.close();
    this.#services.close();
  }

  #toEnginesConfig({ sockets, callTimeoutMs }: DriverConfig): EnginesConfig {
    return { sockets, callTimeoutMs, hasSystemd: this.#services.hasSystemd };
  }

  #startReaper({ reaping: policy }: DriverConfig, engines: Engines, former: DanglingReaper | undefined): DanglingReaper | undefined {
    if (policy === undefined) return undefined;
    const { roots, bootId, processMark } = this.#services;
    return new DanglingReaper({
      policy,
      engines: engines.all,
      presence: this.#presence,
      isKnown: (taskId) => this.#tasks.isOwned(taskId, this.#presence.session),
      onRemoved: (taskId) => this.#tasks.drop(taskId),
      removePod: (engine, pod, signal) => removeGroupPod(engine, pod, policy, signal),
      isOthers: (mark) => mark !== processMark && isMarkedAlive(roots, mark, bootId),
      isWanted: (allocId) => this.#networks.isWanted(allocId, this.#presence.session) || this.#tasks.hasAllocation(allocId),
      logger: this.#options.logger.named("reaper"),
      former,
    });
  }

  #startImageCleanUp({ imageCleanUp: wished }: DriverConfig, { engines, keptImages, former }: CleanUpSite): ImageCleanUp | undefined {
    if (wished === undefined) return undefined;
    const policy = { ...wished, keep: [...wished.keep, ...keptImages] };
    return new ImageCleanUp({ policy, engines: engines.all, logger: this.#options.logger.named("images"), former });
  }

  #execTarget(taskId: string): ExecTarget {
    const task = this.#running(taskId);
    const logger = this.#loggerOf(task.task);
    const onSurvived = (reason: string): void => logger.warn("a command in the task could not be killed and may go on", { reason });
    const { client: podman, socketPath } = task.engine;
    return { podman, socketPath, containerId: task.containerId, roots: this.#services.roots, onSurvived };
  }

  #running(taskId: string): TaskHandle {
    const task = this.#tasks.get(taskId);
    if (!task.isRunning) throw new DriverError("task-state", `task ${taskId} has ended`);
    return task;
  }

  #surroundingsOf(task: TaskConfig): TaskSurroundings {
    return { services: this.#services, logger: this.#loggerOf(task), emit: this.#emitterOf(task) };
  }

  /** Lives as long as the task, so it is made apart from the call that starts it: a closure keeps all that its neighbours use. */
  #emitterOf({ id: taskId, name: taskName, allocId }: TaskConfig): TaskSurroundings["emit"] {
    return (message, annotations = {}) => this.#events.emit({ taskId, taskName, allocId, timestamp: new Date(), message, annotations });
  }

  #loggerOf(task: Pick<TaskConfig, "id">): Logger {
    return this.#options.logger.with({ task: task.id });
  }
}

interface CleanUpSite {
  readonly engines: Engines;
  /** What stays whatever the operator's list says. */
  readonly keptImages: readonly string[];
  readonly former: ImageCleanUp | undefined;
}

/** Settles when nothing is looked at or removed any more. */
async function endRounds({ reaper, imageCleanUp }: Pick<DriverSetup, "reaper" | "imageCleanUp">): Promise<void> {
  await Promise.all([reaper?.close(), imageCleanUp?.close()]);
}
