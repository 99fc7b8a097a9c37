import type { ConfigBody, HclValue } from "@driver/nomad-plugin";

import type { Job, Task, TaskGroup, TaskTemplate } from "../src/job/job.ts";

const position = { line: 1, column: 1 };

/** The inside of a `config` block with these attributes. */
export function configBody(attributes: Readonly<Record<string, HclValue>>): ConfigBody {
  return { position, blocks: [], attributes: Object.entries(attributes).map(([name, value]) => ({ name, value, position })) };
}

/** A task that runs `script`, with Nomad's defaults. */
export function sampleTask(name: string, script: string, changes: Partial<Task> = {}): Task {
  return {
    name,
    driver: "process",
    user: "",
    leader: false,
    env: {},
    meta: {},
    config: configBody({ script }),
    resources: { cpuMhz: 100, memoryMb: 300, memoryMaxMb: 0 },
    restart: { attempts: 0, intervalMs: 1_000, delayMs: 0, mode: "fail" },
    killTimeoutMs: 5_000,
    killSignal: "",
    shutdownDelayMs: 0,
    logs: { maxFiles: 10, maxFileSizeMb: 10, disabled: false },
    templates: [],
    services: [],
    artifacts: [],
    volumeMounts: [],
    position,
    ...changes,
  };
}

export function sampleTemplate(destination: string, data: string, changes: Partial<TaskTemplate> = {}): TaskTemplate {
  return {
    ...{ data, destination, source: "", delimiters: { left: "{{", right: "}}" }, refusesMissingKeys: false, isOnce: false },
    ...{ change: { mode: "restart", signal: "", splayMs: 0 }, env: false, perms: "0644", position },
    ...changes,
  };
}

export function sampleGroup(tasks: Task[], changes: Partial<TaskGroup> = {}): TaskGroup {
  return { name: "group", count: 1, meta: {}, tasks, services: [], volumes: [], shutdownDelayMs: 0, position, ...changes };
}

export function sampleJob(groups: TaskGroup[], changes: Partial<Job> = {}): Job {
  return {
    id: "sample",
    name: "sample",
    type: "batch",
    namespace: "default",
    region: "global",
    datacenters: ["*"],
    meta: {},
    groups,
    notes: [],
    position,
    ...changes,
  };
}
