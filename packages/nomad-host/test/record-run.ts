import type { ConfigBody, TaskDriver } from "@driver/nomad-plugin";

import type { Job } from "../src/job/job.ts";
import type { CheckConfig } from "../src/run/driver/check-configs.ts";
import type { LaunchDriver } from "../src/run/driver/launched-driver.ts";
import type { HostSettings } from "../src/run/host-settings.ts";
import type { RunEvent, RunListener } from "../src/run/run-event.ts";
import type { VariableStore } from "../src/run/variables/variable-store.ts";
import { runJob } from "../src/run/run-job.ts";
import type { RunResult } from "../src/run/run-job.ts";
import { createProcessDriver } from "./process-driver.ts";

export interface RecordOptions {
  readonly launch?: LaunchDriver;
  readonly pluginConfig?: ConfigBody;
  readonly parentPath: string;
  readonly probe?: boolean;
  readonly checkConfig?: CheckConfig;
  readonly host?: HostSettings;
  readonly variables?: VariableStore;
  readonly cleansDeadRuns?: boolean;
  readonly signal?: AbortSignal;
  readonly killSignal?: AbortSignal;
  readonly onEvent?: RunListener;
}

/** A run that is over, and what it told. */
export interface RecordedRun {
  readonly result: RunResult;
  readonly events: readonly RunEvent[];
  /** All bytes of one stream of one task. */
  log(task: string, stream: "stdout" | "stderr"): Buffer;
}

/** `task:event` for the life of each task, in order. */
export function lives({ events }: RecordedRun): readonly string[] {
  return events.flatMap((event) => {
    const isOfLife = "task" in event && event.kind.startsWith("task-") && event.kind !== "task-log";
    return isOfLife ? [`${event.task}:${event.kind.slice("task-".length)}`] : [];
  });
}

/** A driver in this process, as if it were launched. */
export function inProcess(driver: TaskDriver): LaunchDriver {
  return () =>
    Promise.resolve({ driver, plugin: { pid: 0, exited: new Promise(() => undefined) }, [Symbol.asyncDispose]: () => Promise.resolve() });
}

/** Runs a job to its end on the process driver and keeps its events. */
export async function recordRun(job: Job, options: RecordOptions): Promise<RecordedRun> {
  const events: RunEvent[] = [];
  const never = new AbortController().signal;
  const result = await runJob(job, {
    launch: options.launch ?? inProcess(createProcessDriver()),
    pluginConfig: options.pluginConfig,
    parentPath: options.parentPath,
    probe: options.probe ?? false,
    checkConfig: options.checkConfig,
    host: options.host,
    variables: options.variables,
    cleansDeadRuns: options.cleansDeadRuns,
    hostIp: "127.0.0.1",
    random: () => 0,
    on: async (event) => {
      events.push(event);
      await options.onEvent?.(event);
    },
    signal: options.signal ?? never,
    killSignal: options.killSignal ?? never,
  });
  const log = (task: string, stream: "stdout" | "stderr"): Buffer =>
    Buffer.concat(
      events.flatMap((event) => (event.kind === "task-log" && event.task === task && event.stream === stream ? [event.data] : [])),
    );
  return { result, events, log };
}
