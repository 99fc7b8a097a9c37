import type { TaskConfig } from "@driver/nomad-plugin";

/** The least that Nomad says of a task, with `more` in its place; nothing of it exists on the host. */
export function plainTask(more: Partial<TaskConfig> = {}): TaskConfig {
  return {
    id: "5e1f0000-0000-4000-8000-000000000001/web/0badcafe",
    name: "web",
    allocId: "5e1f0000-0000-4000-8000-000000000001",
    jobName: "shop",
    jobId: "shop-id",
    taskGroupName: "front",
    namespace: "default",
    nodeName: "node",
    nodeId: "node-id",
    parentJobId: "parent",
    user: "",
    allocDir: "/alloc-dir",
    stdoutPath: "/dev/null",
    stderrPath: "/dev/null",
    env: {},
    deviceEnv: {},
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
        memoryLimitBytes: 64 * 1_048_576,
        oomScoreAdj: 0,
        cpusetCpus: "",
        cpusetCgroup: "",
        percentTicks: 0.025,
      },
    },
    mounts: [],
    devices: [],
    driverConfig: new Uint8Array(),
    ...more,
  };
}
