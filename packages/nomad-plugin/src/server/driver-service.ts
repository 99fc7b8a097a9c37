import type { ServiceImpl } from "@connectrpc/connect";
import { toCapabilitiesMessage } from "../convert/capabilities.ts";
import { toFingerprintMessage } from "../convert/fingerprint.ts";
import { fromIsolationMessage, toIsolationMessage } from "../convert/network.ts";
import { toSpecMessage } from "../convert/spec.ts";
import { toStatsMessage } from "../convert/stats.ts";
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
  return { ...nodeCalls(driver, reporter), ...lifeCalls(driver, reporter), ...taskCalls(driver, reporter), ...networkCalls(driver, reporter) };
}

type NodeCalls = Pick<DriverImpl, "init" | "shutdown" | "taskConfigSchema" | "capabilities" | "fingerprint" | "taskEvents">;

function nodeCalls(driver: TaskDriver, { answer, stream }: CallReporter): NodeCalls {
  return {
    init: (_request, { signal }) => answer("Init", async () => (await driver.init(signal), {})),
    shutdown: (_request, { signal }) => answer("Shutdown", async () => (await driver.shutdown(signal), {})),
    taskConfigSchema: (_request, { signal }) => answer("TaskConfigSchema", async () => ({ spec: toSpecMessage(await driver.taskConfigSchema(signal)) })),
    capabilities: (_request, { signal }) => answer("Capabilities", async () => ({ capabilities: toCapabilitiesMessage(await driver.capabilities(signal)) })),
    fingerprint: (_request, { signal }) => stream("Fingerprint", () => driver.fingerprint(signal), toFingerprintMessage),
    taskEvents: (_request, { signal }) => stream("TaskEvents", () => driver.taskEvents(signal), toEventMessage),
  };
}

type LifeCalls = Pick<DriverImpl, "recoverTask" | "startTask" | "waitTask" | "stopTask" | "destroyTask">;

function lifeCalls(driver: TaskDriver, { answer }: CallReporter): LifeCalls {
  return {
    recoverTask: ({ handle }, { signal }) => answer("RecoverTask", async () => (await driver.recoverTask(fromHandleMessage(handle), signal), {})),
    startTask: ({ task }, { signal }) => answer("StartTask", () => serveStartTask(driver, task, signal)),
    waitTask: ({ taskId }, { signal }) =>
      answer("WaitTask", async () => {
        const result = await driver.waitTask(taskId, signal);
        return { result: toExitMessage(result), err: result.error ?? "" };
      }),
    stopTask: ({ taskId, timeout, signal: killSignal }, { signal }) =>
      answer("StopTask", async () => (await driver.stopTask(taskId, { timeoutMs: fromDuration(timeout), killSignal }, signal), {})),
    destroyTask: ({ taskId, force }, { signal }) => answer("DestroyTask", async () => (await driver.destroyTask(taskId, { force }, signal), {})),
  };
}

type TaskCalls = Pick<DriverImpl, "inspectTask" | "taskStats" | "signalTask" | "execTask" | "execTaskStreaming">;

function taskCalls(driver: TaskDriver, { answer, stream }: CallReporter): TaskCalls {
  return {
    inspectTask: ({ taskId }, { signal }) => answer("InspectTask", async () => toInspectMessage(await driver.inspectTask(taskId, signal))),
    taskStats: ({ taskId, collectionInterval }, { signal }) => {
      const intervalMs = fromDuration(collectionInterval) || defaultStatsIntervalMs;
      return stream("TaskStats", () => driver.taskStats(taskId, { intervalMs }, signal), (stats) => ({ stats: toStatsMessage(stats) }));
    },
    signalTask: ({ taskId, signal: name }, { signal }) => answer("SignalTask", async () => (await driver.signalTask(taskId, name, signal), {})),
    execTask: ({ taskId, command, timeout }, { signal }) =>
      answer("ExecTask", async () => {
        const output = await driver.execTask(taskId, { command, timeoutMs: fromDuration(timeout) }, signal);
        return { stdout: output.stdout, stderr: output.stderr, result: toExitMessage(output.result) };
      }),
    execTaskStreaming: (requests, { signal }) => stream("ExecTaskStreaming", () => serveExec(driver, requests, signal), (response) => response),
  };
}

type NetworkCalls = Pick<DriverImpl, "createNetwork" | "destroyNetwork">;

function networkCalls(driver: TaskDriver, { answer }: CallReporter): NetworkCalls {
  return {
    createNetwork: ({ allocId, hostname }, { signal }) =>
      answer("CreateNetwork", async () => {
        const { spec, created } = await driver.createNetwork(allocId, { hostname }, signal);
        return { isolationSpec: toIsolationMessage(spec), created };
      }),
    destroyNetwork: ({ allocId, isolationSpec }, { signal }) =>
      answer("DestroyNetwork", async () => (await driver.destroyNetwork(allocId, isolationSpec && fromIsolationMessage(isolationSpec), signal), {})),
  };
}
