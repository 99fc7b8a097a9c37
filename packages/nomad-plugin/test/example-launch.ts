import type { LogEntry } from "@driver/go-plugin";
import { join } from "node:path";
import { launchDriver } from "../src/index.ts";
import type { ConfigBody, HclValue, LaunchedDriver, TaskConfig } from "../src/index.ts";

/** Starts the example driver as a plugin process. */
export function launchExample(options: {
  readonly signal: AbortSignal;
  readonly onLog?: (entry: LogEntry) => void;
}): Promise<LaunchedDriver> {
  const program = join(import.meta.dirname, "../example/process-driver.ts");
  return launchDriver({
    command: process.execPath,
    args: ["--disable-sigusr1", program],
    onLog: options.onLog ?? (() => {}),
    signal: options.signal,
  });
}

const position = { line: 1, column: 1 };

/** A config block with these attributes. */
export function configBody(attributes: Readonly<Record<string, HclValue>>): ConfigBody {
  return { attributes: Object.entries(attributes).map(([name, value]) => ({ name, value, position })), blocks: [], position };
}

let starts = 0;

/** A start of a task whose output goes to files in `folder`. */
export function exampleTask({
  folder,
  driverConfig,
  env,
}: {
  readonly folder: string;
  readonly driverConfig: Uint8Array;
  readonly env: Readonly<Record<string, string>>;
}): TaskConfig {
  starts += 1;
  return {
    id: `alloc/web/${starts}`,
    name: "web",
    allocId: "alloc",
    jobName: "job",
    jobId: "job",
    taskGroupName: "group",
    namespace: "default",
    nodeName: "node",
    nodeId: "node-id",
    parentJobId: "",
    user: "",
    allocDir: folder,
    stdoutPath: join(folder, `stdout.${starts}`),
    stderrPath: join(folder, `stderr.${starts}`),
    env,
    deviceEnv: {},
    driverConfig,
    resources: {
      cpuShares: 100,
      memoryMb: 64,
      memoryMaxMb: 0,
      networks: [],
      ports: [],
      linux: {
        cpuPeriodUs: 0,
        cpuQuotaUs: 0,
        cpuShares: 100,
        memoryLimitBytes: 67_108_864,
        oomScoreAdj: 0,
        cpusetCpus: "",
        cpusetCgroup: "",
        percentTicks: 0.1,
      },
    },
    mounts: [],
    devices: [],
    dns: undefined,
    networkIsolation: undefined,
  };
}
