import { waitAborted } from "@driver/std";
import { DriverError } from "./driver-error.ts";
import type { Spec } from "./hclspec.ts";
import type {
  CreatedNetwork,
  DriverCapabilities,
  ExecInput,
  ExecOutput,
  ExecSetup,
  ExecUpdate,
  Fingerprint,
  NetworkIsolationSpec,
  NetworkWish,
  PluginConfig,
  PluginInfo,
  StartedTask,
  TaskConfig,
  TaskDriver,
  TaskEvent,
  TaskHandle,
  TaskStats,
  TaskStatus,
  WaitResult,
} from "./task-driver.ts";

/**
 * A driver without any optional feature: healthy, host network, no isolation, no config of its own. A driver that
 * extends it writes the life of a task and overrides what it can do beyond that; the rest answers with an error
 * that names the feature.
 */
export abstract class BaseDriver implements TaskDriver {
  abstract pluginInfo(signal: AbortSignal): Promise<PluginInfo>;
  abstract taskConfigSchema(signal: AbortSignal): Promise<Spec>;
  abstract startTask(config: TaskConfig, signal: AbortSignal): Promise<StartedTask>;
  abstract recoverTask(handle: TaskHandle, signal: AbortSignal): Promise<void>;
  abstract waitTask(taskId: string, signal: AbortSignal): Promise<WaitResult>;
  abstract stopTask(
    taskId: string,
    options: { readonly timeoutMs: number; readonly killSignal: string },
    signal: AbortSignal,
  ): Promise<void>;
  abstract destroyTask(taskId: string, options: { readonly force: boolean }, signal: AbortSignal): Promise<void>;

  async configSchema(_signal: AbortSignal): Promise<Spec | undefined> {
    return undefined;
  }

  async setConfig(_config: PluginConfig, _signal: AbortSignal): Promise<void> {}

  async capabilities(_signal: AbortSignal): Promise<DriverCapabilities> {
    return {
      sendSignals: false,
      exec: false,
      fsIsolation: "none",
      networkIsolationModes: ["host"],
      mustCreateNetwork: false,
      acceptsMounts: false,
      disableLogCollection: false,
      dynamicWorkloadUsers: false,
    };
  }

  async *fingerprint(signal: AbortSignal): AsyncIterable<Fingerprint> {
    yield { health: "healthy", healthDescription: "Healthy", attributes: {} };
    await waitAborted(signal);
  }

  // Agents reopen a stream that ends, so streams without content stay open.
  async *taskEvents(signal: AbortSignal): AsyncIterable<TaskEvent> {
    await waitAborted(signal);
  }

  async *taskStats(_taskId: string, _options: { readonly intervalMs: number }, signal: AbortSignal): AsyncIterable<TaskStats> {
    await waitAborted(signal);
  }

  async inspectTask(_taskId: string, _signal: AbortSignal): Promise<TaskStatus> {
    throw unsupported("InspectTask is not supported by this driver");
  }

  async signalTask(_taskId: string, _signalName: string, _signal: AbortSignal): Promise<void> {
    throw unsupported("SignalTask is not supported by this driver");
  }

  async execTask(
    _taskId: string,
    _options: { readonly command: readonly string[]; readonly timeoutMs: number },
    _signal: AbortSignal,
  ): Promise<ExecOutput> {
    throw unsupported("ExecTask is not supported by this driver");
  }

  async *execTaskStreaming(
    _taskId: string,
    _setup: ExecSetup,
    _input: AsyncIterable<ExecInput>,
    _signal: AbortSignal,
  ): AsyncIterable<ExecUpdate> {
    throw unsupported("driver does not support exec");
  }

  async createNetwork(_allocId: string, _wish: NetworkWish, _signal: AbortSignal): Promise<CreatedNetwork> {
    throw unsupported("CreateNetwork RPC not supported by driver");
  }

  async destroyNetwork(_allocId: string, _spec: NetworkIsolationSpec | undefined, _signal: AbortSignal): Promise<void> {
    throw unsupported("DestroyNetwork RPC not supported by driver");
  }

  async init(_signal: AbortSignal): Promise<void> {}

  async shutdown(_signal: AbortSignal): Promise<void> {}
}

function unsupported(message: string): DriverError {
  return new DriverError("unsupported", message);
}
