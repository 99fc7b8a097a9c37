import type { ServiceImpl } from "@driver/go-plugin";
import { EncodedMessage } from "@driver/go-plugin/forms";
import { toCapabilitiesMessage } from "../convert/capabilities.ts";
import { encodeStats } from "../convert/encode-stats.ts";
import { toFingerprintMessage } from "../convert/fingerprint.ts";
import { fromIsolationMessage, toIsolationMessage, toNetworkWish } from "../convert/network.ts";
import { toSpecMessage } from "../convert/spec.ts";
import { fromHandleMessage, toEventMessage, toExitMessage, toInspectMessage } from "../convert/task-state.ts";
import { fromDuration } from "../convert/time.ts";
import type { Driver } from "../gen/driver_pb.ts";
import type { TaskDriver } from "../task-driver.ts";
import type { CallReporter } from "./call-reporter.ts";
import { serveExec } from "./serve-exec.ts";
import { serveStartTask } from "./serve-start-task.ts";

type DriverImpl = ServiceImpl<typeof Driver>;

/** Interval of samples when the agent asks for none. */
const defaultStatsIntervalMs = 1_000;

/** Nomad's driver service, on behalf of `driver`. */
export function driverService(driver: TaskDriver, reporter: CallReporter): DriverImpl {
  return {
    ...nodeCalls(driver, reporter),
    ...lifeCalls(driver, reporter),
    ...taskCalls(driver, reporter),
    ...networkCalls(driver, reporter),
  };
}

type NodeCalls = Pick<DriverImpl, "init" | "shutdown" | "taskConfigSchema" | "capabilities" | "fingerprint" | "taskEvents">;

function nodeCalls(driver: TaskDriver, { answer, stream }: CallReporter): NodeCalls {
  return {
    init: (_request, context) => answer(context, async (signal) => (await driver.init(signal), {})),
    shutdown: (_request, context) => answer(context, async (signal) => (await driver.shutdown(signal), {})),
    taskConfigSchema: (_request, context) =>
      answer(context, async (signal) => ({ spec: toSpecMessage(await driver.taskConfigSchema(signal)) })),
    capabilities: (_request, context) =>
      answer(context, async (signal) => ({ capabilities: toCapabilitiesMessage(await driver.capabilities(signal)) })),
    fingerprint: (_request, context) => stream(context, (signal) => driver.fingerprint(signal), toFingerprintMessage),
    taskEvents: (_request, context) => stream(context, (signal) => driver.taskEvents(signal), toEventMessage),
  };
}

type LifeCalls = Pick<DriverImpl, "recoverTask" | "startTask" | "waitTask" | "stopTask" | "destroyTask">;

function lifeCalls(driver: TaskDriver, { answer }: CallReporter): LifeCalls {
  return {
    recoverTask: ({ handle }, context) =>
      answer(context, async (signal) => (await driver.recoverTask(fromHandleMessage(handle), signal), {})),
    startTask: ({ task }, context) => answer(context, (signal) => serveStartTask(driver, task, signal)),
    waitTask: ({ taskId }, context) =>
      answer(context, async (signal) => {
        const result = await driver.waitTask(taskId, signal);
        return { result: toExitMessage(result), err: result.error ?? "" };
      }),
    stopTask: ({ taskId, timeout, signal: killSignal }, context) =>
      answer(context, async (signal) => (await driver.stopTask(taskId, { timeoutMs: fromDuration(timeout), killSignal }, signal), {})),
    destroyTask: ({ taskId, force }, context) =>
      answer(context, async (signal) => (await driver.destroyTask(taskId, { force }, signal), {})),
  };
}

type TaskCalls = Pick<DriverImpl, "inspectTask" | "taskStats" | "signalTask" | "execTask" | "execTaskStreaming">;

function taskCalls(driver: TaskDriver, { answer, stream }: CallReporter): TaskCalls {
  return {
    inspectTask: ({ taskId }, context) => answer(context, async (signal) => toInspectMessage(await driver.inspectTask(taskId, signal))),
    taskStats: ({ taskId, collectionInterval }, context) => {
      const intervalMs = fromDuration(collectionInterval) || defaultStatsIntervalMs;
      return stream(
        context,
        (signal) => driver.taskStats(taskId, { intervalMs }, signal),
        (stats) => new EncodedMessage(() => encodeStats(stats)),
      );
    },
    signalTask: ({ taskId, signal: name }, context) =>
      answer(context, async (signal) => (await driver.signalTask(taskId, name, signal), {})),
    execTask: ({ taskId, command, timeout }, context) =>
      answer(context, async (signal) => {
        const output = await driver.execTask(taskId, { command, timeoutMs: fromDuration(timeout) }, signal);
        return { stdout: output.stdout, stderr: output.stderr, result: toExitMessage(output.result) };
      }),
    execTaskStreaming: (requests, context) =>
      stream(
        context,
        (signal) => serveExec(driver, requests, signal),
        (response) => response,
      ),
  };
}

type NetworkCalls = Pick<DriverImpl, "createNetwork" | "destroyNetwork">;

function networkCalls(driver: TaskDriver, { answer }: CallReporter): NetworkCalls {
  return {
    createNetwork: ({ allocId, hostname, connection }, context) =>
      answer(context, async (signal) => {
        const { spec, created } = await driver.createNetwork(allocId, toNetworkWish(hostname, connection), signal);
        return { isolationSpec: toIsolationMessage(spec), created };
      }),
    destroyNetwork: ({ allocId, isolationSpec }, context) =>
      answer(
        context,
        async (signal) => (await driver.destroyNetwork(allocId, isolationSpec && fromIsolationMessage(isolationSpec), signal), {}),
      ),
  };
}
