import { createClient } from "@connectrpc/connect";
import type { Transport } from "@connectrpc/connect";
import { fromCapabilitiesMessage } from "../convert/capabilities.ts";
import { fromFingerprintMessage } from "../convert/fingerprint.ts";
import { fromIsolationMessage, fromOverrideMessage, toIsolationMessage, toNetworkMessage } from "../convert/network.ts";
import { fromPluginInfoMessage, toSetConfigMessage } from "../convert/plugin.ts";
import { fromSpecMessage } from "../convert/spec.ts";
import { fromStatsMessage } from "../convert/stats.ts";
import { toTaskConfigMessage } from "../convert/task-config.ts";
import { fromEventMessage, fromExitMessage, fromHandleMessage, fromInspectMessage, toHandleMessage } from "../convert/task-state.ts";
import { toDuration } from "../convert/time.ts";
import { DriverError } from "../driver-error.ts";
import { BasePlugin } from "../gen/base_pb.ts";
import { Driver } from "../gen/driver_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import { call, callIfImplemented, followStream } from "./driver-call.ts";
import { followExec } from "./follow-exec.ts";

/**
 * A driver behind a connection, as the same interface that a driver in this process has. Errors come back as
 * `DriverError` with their code and `recoverable`; an abort rejects with the signal's reason.
 */
export function createDriverClient(transport: Transport): TaskDriver {
  const base = createClient(BasePlugin, transport);
  const driver = createClient(Driver, transport);
  return { ...pluginCalls(base), ...nodeCalls(driver), ...lifeCalls(driver), ...taskCalls(driver), ...networkCalls(driver) };
}

type BaseClient = ReturnType<typeof createClient<typeof BasePlugin>>;
type DriverClient = ReturnType<typeof createClient<typeof Driver>>;

function pluginCalls(base: BaseClient): Pick<TaskDriver, "pluginInfo" | "configSchema" | "setConfig"> {
  return {
    pluginInfo: (signal) => call(signal, async (options) => fromPluginInfoMessage(await base.pluginInfo({}, options))),
    configSchema: (signal) =>
      call(signal, async (options) => {
        const { spec } = await base.configSchema({}, options);
        return spec && fromSpecMessage(spec);
      }),
    setConfig: (config, signal) => call(signal, async (options) => void (await base.setConfig(toSetConfigMessage(config), options))),
  };
}

type NodeCalls = Pick<TaskDriver, "taskConfigSchema" | "capabilities" | "fingerprint" | "taskEvents" | "init" | "shutdown">;

function nodeCalls(driver: DriverClient): NodeCalls {
  return {
    taskConfigSchema: (signal) =>
      call(signal, async (options) =>
        fromSpecMessage(present((await driver.taskConfigSchema({}, options)).spec, "TaskConfigSchema: no spec")),
      ),
    capabilities: (signal) =>
      call(signal, async (options) =>
        fromCapabilitiesMessage(present((await driver.capabilities({}, options)).capabilities, "Capabilities: empty answer")),
      ),
    fingerprint: (signal) => followStream(signal, (options) => driver.fingerprint({}, options), fromFingerprintMessage),
    taskEvents: (signal) => followStream(signal, (options) => driver.taskEvents({}, options), fromEventMessage),
    init: (signal) => callIfImplemented(signal, (options) => driver.init({}, options)),
    shutdown: (signal) => callIfImplemented(signal, (options) => driver.shutdown({}, options)),
  };
}

function lifeCalls(driver: DriverClient): Pick<TaskDriver, "startTask" | "recoverTask" | "waitTask" | "stopTask" | "destroyTask"> {
  return {
    startTask: (config, signal) =>
      call(signal, async (options) => {
        const { handle, networkOverride } = await driver.startTask({ task: toTaskConfigMessage(config) }, options);
        return { handle: fromHandleMessage(handle), network: networkOverride && fromOverrideMessage(networkOverride) };
      }),
    recoverTask: (handle, signal) =>
      call(signal, async (options) => void (await driver.recoverTask({ handle: toHandleMessage(handle) }, options))),
    waitTask: (taskId, signal) =>
      call(signal, async (options) => {
        const { result, err } = await driver.waitTask({ taskId }, options);
        return { ...fromExitMessage(result), ...(err !== "" && { error: err }) };
      }),
    stopTask: (taskId, { timeoutMs, killSignal }, signal) =>
      call(
        signal,
        async (options) => void (await driver.stopTask({ taskId, timeout: toDuration(timeoutMs), signal: killSignal }, options)),
      ),
    destroyTask: (taskId, { force }, signal) =>
      call(signal, async (options) => void (await driver.destroyTask({ taskId, force }, options))),
  };
}

function taskCalls(driver: DriverClient): Pick<TaskDriver, "inspectTask" | "taskStats" | "signalTask" | "execTask" | "execTaskStreaming"> {
  return {
    inspectTask: (taskId, signal) => call(signal, async (options) => fromInspectMessage(await driver.inspectTask({ taskId }, options))),
    taskStats: (taskId, { intervalMs }, signal) =>
      followStream(
        signal,
        (options) => driver.taskStats({ taskId, collectionInterval: toDuration(intervalMs) }, options),
        ({ stats }) => fromStatsMessage(present(stats, "TaskStats: sample without stats")),
      ),
    signalTask: (taskId, signalName, signal) =>
      call(signal, async (options) => void (await driver.signalTask({ taskId, signal: signalName }, options))),
    execTask: (taskId, { command, timeoutMs }, signal) =>
      call(signal, async (options) => {
        const { stdout, stderr, result } = await driver.execTask(
          { taskId, command: [...command], timeout: toDuration(timeoutMs) },
          options,
        );
        return { stdout, stderr, result: fromExitMessage(result) };
      }),
    execTaskStreaming: (taskId, setup, input, signal) =>
      followExec({ signal, input, taskId, setup, open: (requests, options) => driver.execTaskStreaming(requests, options) }),
  };
}

function networkCalls(driver: DriverClient): Pick<TaskDriver, "createNetwork" | "destroyNetwork"> {
  return {
    createNetwork: (allocId, wish, signal) =>
      call(signal, async (options) => {
        const { isolationSpec, created } = await driver.createNetwork(toNetworkMessage(allocId, wish), options);
        return { spec: fromIsolationMessage(present(isolationSpec, "CreateNetwork: no isolation spec")), created };
      }),
    destroyNetwork: (allocId, spec, signal) =>
      call(
        signal,
        async (options) =>
          void (await driver.destroyNetwork({ allocId, ...(spec && { isolationSpec: toIsolationMessage(spec) }) }, options)),
      ),
  };
}

function present<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new DriverError("failed", message);
  return value;
}
