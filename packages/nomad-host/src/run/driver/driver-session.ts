import type {
  ExecOutput,
  NetworkIsolationSpec,
  NetworkWish,
  StartedTask,
  TaskConfig,
  TaskDriver,
  TaskHandle,
  WaitResult,
} from "@driver/nomad-plugin";

import { DriverError } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import type { RunRecorder } from "../leftovers/run-recorder.ts";
import { RunError } from "../run-error.ts";
import { isDriverAnswer } from "./driver-answer.ts";
import { LiveDriver } from "./live-driver.ts";
import type { DriverFacts, LiveDriverOptions } from "./live-driver.ts";

/** A call that was cut off is the plugin's death when its process is gone this soon after (`nomad`: 3 s). */
const deathNoticeMs = 3_000;
const maxRelaunches = 5;

export interface DriverSessionOptions extends LiveDriverOptions {
  readonly onNote: (message: string) => void;
  /** Notes what would be left if this process were killed. */
  readonly recorder: RunRecorder;
}

/**
 * A driver that outlives its process: when the plugin dies it is launched anew and gets its running tasks back with
 * RecoverTask, as under Nomad; calls that the death cut off are repeated.
 */
export class DriverSession implements AsyncDisposable {
  readonly facts: DriverFacts;
  readonly #options: DriverSessionOptions;
  readonly #closing = new AbortController();
  readonly #handles = new Map<string, TaskHandle>();
  readonly #lost = new Map<string, RunError>();
  readonly #successors = new WeakMap<LiveDriver, Promise<LiveDriver>>();
  #current: Promise<LiveDriver>;
  #relaunches = 0;

  private constructor(first: LiveDriver, options: DriverSessionOptions) {
    this.facts = first.facts;
    this.#current = Promise.resolve(first);
    this.#options = options;
  }

  static async start(options: DriverSessionOptions, signal: AbortSignal): Promise<DriverSession> {
    const live = await LiveDriver.start(options, signal);
    await options.recorder.pluginLaunched(live.pid);
    return new DriverSession(live, options);
  }

  async startTask(config: TaskConfig, signal: AbortSignal): Promise<StartedTask> {
    const started = await this.#call((driver) => driver.startTask(config, signal), signal);
    this.#handles.set(config.id, started.handle);
    await this.#options.recorder.taskStarted(started.handle);
    return started;
  }

  /** Settles when the task has ended, over any number of plugin lives. */
  async waitTask(taskId: string, signal: AbortSignal): Promise<WaitResult> {
    return this.#call((driver) => {
      const loss = this.#lost.get(taskId);
      return loss === undefined ? driver.waitTask(taskId, signal) : Promise.reject(loss);
    }, signal);
  }

  async stopTask(taskId: string, options: { readonly timeoutMs: number; readonly killSignal: string }, signal: AbortSignal): Promise<void> {
    await this.#call((driver) => driver.stopTask(taskId, options, signal), signal);
  }

  async signalTask(taskId: string, signalName: string, signal: AbortSignal): Promise<void> {
    await this.#call((driver) => driver.signalTask(taskId, signalName, signal), signal);
  }

  /** Runs a command in the task; its exit code is part of the answer. */
  async execTask(
    taskId: string,
    options: { readonly command: readonly string[]; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<ExecOutput> {
    return this.#call((driver) => driver.execTask(taskId, options, signal), signal);
  }

  /** Kills the task if it runs, and removes what belongs to it. */
  async destroyTask(taskId: string, signal: AbortSignal): Promise<void> {
    await this.#call((driver) => driver.destroyTask(taskId, { force: true }, signal), signal);
    this.#handles.delete(taskId);
    await this.#options.recorder.taskRemoved(taskId);
  }

  /** Ends and removes a task of a run that is gone; one that is not there any more is no failure. */
  async removeForeign(handle: TaskHandle, signal: AbortSignal): Promise<void> {
    try {
      await this.#call((driver) => driver.recoverTask(handle, signal), signal);
      await this.#call((driver) => driver.destroyTask(handle.config.id, { force: true }, signal), signal);
    } catch (error) {
      if (!(error instanceof DriverError && error.code === "task-not-found")) throw error;
    }
  }

  /** Makes the network of an allocation, or finds it as it was made. */
  async createNetwork(allocId: string, wish: NetworkWish, signal: AbortSignal): Promise<NetworkIsolationSpec> {
    const { spec } = await this.#call((driver) => driver.createNetwork(allocId, wish, signal), signal);
    await this.#options.recorder.networkMade(allocId, spec);
    return spec;
  }

  async destroyNetwork(allocId: string, spec: NetworkIsolationSpec, signal: AbortSignal): Promise<void> {
    await this.#call((driver) => driver.destroyNetwork(allocId, spec, signal), signal);
    await this.#options.recorder.networkRemoved(allocId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new RunError("plugin-failed", "the run is over"));
    const live = await this.#current.catch(() => undefined);
    await live?.[Symbol.asyncDispose]();
  }

  async #call<T>(operation: (driver: TaskDriver) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      const live = await this.#current;
      try {
        return await operation(live.driver);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (isDriverAnswer(error)) throw error;
        const ending = await live.waitEnding(deathNoticeMs);
        if (ending === undefined) throw error;
        await this.#replace(live, ending);
      }
    }
  }

  /** The first who notices a death launches the successor; all others wait for the same one. */
  async #replace(dead: LiveDriver, ending: string): Promise<void> {
    const known = this.#successors.get(dead);
    const successor = known ?? this.#relaunch(dead, ending);
    if (known === undefined) {
      this.#successors.set(dead, successor);
      this.#current = successor;
    }
    await successor;
  }

  async #relaunch(dead: LiveDriver, ending: string): Promise<LiveDriver> {
    await dead[Symbol.asyncDispose]();
    this.#closing.signal.throwIfAborted();
    this.#relaunches += 1;
    if (this.#relaunches > maxRelaunches) {
      throw new RunError("plugin-failed", `the plugin ended ${this.#relaunches} times, at last with ${ending}`);
    }
    this.#options.onNote(`the plugin ended (${ending}); it is launched again`);
    const live = await LiveDriver.start(this.#options, this.#closing.signal);
    await this.#options.recorder.pluginLaunched(live.pid);
    for (const [taskId, handle] of this.#handles) await this.#recover(live, taskId, handle);
    this.#options.onNote(`the plugin runs again and has recovered ${this.#handles.size} task(s)`);
    return live;
  }

  async #recover(live: LiveDriver, taskId: string, handle: TaskHandle): Promise<void> {
    try {
      await live.driver.recoverTask(handle, this.#closing.signal);
    } catch (error) {
      const message = `the plugin could not recover the task: ${messageOf(error)}`;
      this.#lost.set(taskId, new RunError("task-lost", message, { cause: error }));
    }
  }
}
