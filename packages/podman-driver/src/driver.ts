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
import { resolveDriverConfig, type DriverConfig } from "./config/driver-config.ts";
import { isNoAnswer, toDependents } from "./errors.ts";
import { pluginSchema } from "./config/plugin-schema.ts";
import { DriverServices } from "./driver-services.ts";
import { defaultHealthIntervals, type HealthIntervals } from "./engine/follow-engine.ts";
import { followHealth } from "./engine/health-monitor.ts";
import { Engines, type EnginesConfig } from "./engine/engines.ts";
import { findUser } from "./host/find-user.ts";
import { isMarkedAlive } from "./host/process-mark.ts";
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
import { signalTask, stopContainer } from "./task/stop-container.ts";
import type { TaskHandle, TaskHandleOptions } from "./task/task-handle.ts";
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

/** Nomad's task driver for Podman. Each method orchestrates; decisions and I/O are elsewhere. */
export class PodmanDriver implements TaskDriver {
  readonly #options: PodmanDriverOptions;
  readonly #services: DriverServices;
  readonly #events = new EventBus();
  readonly #tasks = new TaskStore();
  readonly #presence = new AgentPresence();
  readonly #removals: UnfinishedRemovals;
  readonly #networks: GroupNetworks;
  #config: DriverConfig;
  #engines: Engines;
  #reaper: DanglingReaper | undefined;
  #imageCleanUp: ImageCleanUp | undefined;

  constructor(options: PodmanDriverOptions) {
    this.#options = options;
    this.#services = options.services ?? new DriverServices(options.logger);
    this.#removals = new UnfinishedRemovals(options.logger.named("removals"));
    this.#networks = new GroupNetworks({ services: this.#services, removals: this.#removals, logger: options.logger.named("networks") });
    this.#config = resolveDriverConfig({ msgpack: new Uint8Array(), apiVersion: "" }, { uid: options.uid, findUser });
    this.#engines = new Engines(this.#enginesConfig(), options.logger);
  }

  pluginInfo(): Promise<PluginInfo> {
    return Promise.resolve(toPluginInfo(this.#options.version));
  }

  configSchema(): Promise<Spec> {
    return Promise.resolve(pluginSchema.spec);
  }

  async setConfig(config: PluginConfig): Promise<void> {
    const resolved = resolveDriverConfig(config, { uid: this.#options.uid, findUser });
    const keptImages = keepInfraImage(resolved.settings.images.infraImage);
    this.#config = resolved;
    for (const warning of this.#config.warnings) this.#options.logger.warn(warning);
    // Running tasks keep the clients they were started with, and a look that is under way goes on.
    this.#engines = this.#engines.replaceBy(this.#enginesConfig());
    const formerReaper = this.#reaper;
    // Before the real launch an agent only checks the configuration.
    this.#reaper = config.client === undefined ? undefined : this.#startReaper();
    const formerCleanUp = this.#imageCleanUp;
    this.#imageCleanUp = config.client === undefined ? undefined : this.#startImageCleanUp(keptImages);
    await Promise.all([formerReaper?.close(), formerCleanUp?.close()]);
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
      mustCreateNetwork: this.#config.makesGroupPods,
      acceptsMounts: true,
      disableLogCollection: this.#config.settings.logRoute.to.by !== "nomad",
      dynamicWorkloadUsers: false,
    });
  }

  fingerprint(signal: AbortSignal): AsyncIterable<Fingerprint> {
    const intervals = this.#options.healthIntervals ?? defaultHealthIntervals;
    const health = followHealth(
      this.#engines,
      { intervals, roots: this.#services.roots, policy: () => this.#config.settings.policy },
      signal,
    );
    return this.#presence.whileListening(health);
  }

  taskEvents(signal: AbortSignal): AsyncIterable<TaskEvent> {
    return this.#events.follow(signal);
  }

  async startTask(task: TaskConfig, signal: AbortSignal): Promise<StartedTask> {
    const { settings } = this.#config;
    const decoded = wantTask(task, settings);
    const engine = this.#engines.resolve(decoded.wanted.image.socket);
    this.#presence.meet(task);
    const started = await this.#tasks.claim(task.id, { caller: signal, startedFor: this.#presence.session }, (claimed) =>
      startTask(
        { task, decoded, engine, settings, services: this.#services, logger: this.#loggerOf(task), emit: this.#emitterOf(task) },
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
      const { restartsStopped, settings } = this.#config;
      await this.#tasks.claim(config.id, { caller: signal }, async () => {
        const request = {
          handle,
          engines: this.#engines,
          services: this.#services,
          restartsStopped,
          settings,
          logger: this.#loggerOf(config),
          emit: this.#emitterOf(config),
        };
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
    if (this.#config.removesContainers) await removeContainer(task.engine.client, task.containerId, signal);
    this.#tasks.delete(task.id);
    await this.#removals.tryHeldBy(task.containerId);
  }

  async inspectTask(taskId: string): Promise<TaskStatus> {
    return this.#tasks.get(taskId).status();
  }

  taskStats(taskId: string, options: { readonly intervalMs: number }, signal: AbortSignal): AsyncIterable<TaskStats> {
    return this.#tasks.get(taskId).stats({ ...options, compute: this.#config.compute }, signal);
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
    const {
      makesGroupPods,
      settings: { images },
    } = this.#config;
    if (!makesGroupPods && wish.connection === undefined) {
      throw new DriverError("unsupported", 'CreateNetwork RPC not supported by driver: it makes networks with group_network = "pod"');
    }
    const { nodeId, session } = this.#presence;
    const { processMark } = this.#services;
    return this.#networks.create(this.#engines.resolve(""), { ...wish, allocId, nodeId, processMark, session, images }, signal);
  }

  /** Whatever makes networks now: this one was made when it was asked for. */
  async destroyNetwork(allocId: string, _spec: NetworkIsolationSpec | undefined, signal: AbortSignal): Promise<void> {
    await this.#networks.destroy(this.#engines.resolve(""), allocId, { keepsStopped: !this.#config.removesContainers }, signal);
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
    await this.#reaper?.close();
    await this.#imageCleanUp?.close();
    await this.#removals.close();
    await this.#tasks.close();
    this.#engines.close();
    this.#services.close();
  }

  #enginesConfig(): EnginesConfig {
    return { ...this.#config, hasSystemd: this.#services.hasSystemd };
  }

  #startReaper(): DanglingReaper | undefined {
    const policy = this.#config.reaping;
    if (policy === undefined) return undefined;
    const { roots, bootId, processMark } = this.#services;
    return new DanglingReaper({
      policy,
      engines: this.#engines.all,
      presence: this.#presence,
      isKnown: (taskId) => this.#tasks.isOwned(taskId, this.#presence.session),
      onRemoved: (taskId) => this.#tasks.drop(taskId),
      removePod: (engine, pod, signal) => removeGroupPod(engine, pod, policy, signal),
      isOthers: (mark) => mark !== processMark && isMarkedAlive(roots, mark, bootId),
      isWanted: (allocId) => this.#networks.isWanted(allocId, this.#presence.session) || this.#tasks.hasAllocation(allocId),
      logger: this.#options.logger.named("reaper"),
    });
  }

  /** `kept`: what stays whatever the operator's list says. */
  #startImageCleanUp(kept: readonly string[]): ImageCleanUp | undefined {
    const wished = this.#config.imageCleanUp;
    if (wished === undefined) return undefined;
    const policy = { ...wished, keep: [...wished.keep, ...kept] };
    return new ImageCleanUp({ policy, engines: this.#engines.all, logger: this.#options.logger.named("images") });
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

  /** Lives as long as the task, so it is made apart from the call that starts it: a closure keeps all that its neighbours use. */
  #emitterOf({ id: taskId, name: taskName, allocId }: TaskConfig): TaskHandleOptions["emit"] {
    return (message, annotations = {}) => this.#events.emit({ taskId, taskName, allocId, timestamp: new Date(), message, annotations });
  }

  #loggerOf(task: TaskConfig): Logger {
    return this.#options.logger.with({ task: task.id });
  }
}
