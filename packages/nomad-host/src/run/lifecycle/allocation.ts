import { randomBytes } from "node:crypto";
import { join } from "node:path";

import type { ParseHcl } from "@driver/hcl";
import type { Spec, TaskConfig, TaskResources } from "@driver/nomad-plugin";
import { encodeConfig } from "@driver/nomad-plugin";

import type { Job, Task, TaskGroup } from "../../job/job.ts";
import { toConfigNames } from "../env/config-names.ts";
import { fillConfig } from "../env/fill-config.ts";
import type { Scope } from "../env/interpolate.ts";
import type { NodeFacts } from "../env/node-facts.ts";
import { parseTemplateEnv } from "../env/plan-templates.ts";
import { buildTaskEnv } from "../env/task-env.ts";
import type { AllocatedPort } from "../ports/allocated-port.ts";

/** One copy of a group on this machine. */
export interface Allocation {
  readonly id: string;
  readonly index: number;
  readonly job: Job;
  readonly group: TaskGroup;
  readonly datacenter: string;
  readonly ports: readonly AllocatedPort[];
  /** cpuset list of the cores each task has for itself, by task name; empty text without `cores`. */
  readonly cpusets: ReadonlyMap<string, string>;
  /** Folder of the allocation; it need not exist yet. */
  readonly path: string;
}

export interface TaskSurroundings {
  readonly node: NodeFacts;
  readonly nodeScope: Scope;
  readonly taskSchema: Spec;
  readonly parse: ParseHcl;
}

/**
 * Everything Nomad would tell the driver about one start of `task`. Rejects when the `config` block names an unknown
 * variable or does not fit the driver's schema; the error carries the position in the job file.
 */
export async function buildTaskConfig(allocation: Allocation, task: Task, surroundings: TaskSurroundings): Promise<TaskConfig> {
  const { job, group } = allocation;
  const { node, nodeScope, taskSchema, parse } = surroundings;
  const resources = buildResources(allocation, task, node);
  const env = buildTaskEnv(
    {
      allocId: allocation.id,
      allocIndex: allocation.index,
      jobId: job.id,
      jobName: job.name,
      groupName: group.name,
      taskName: task.name,
      namespace: job.namespace,
      region: job.region,
      datacenter: allocation.datacenter,
      resources: { cpuMhz: resources.cpuShares, memoryMb: resources.memoryMb, memoryMaxMb: resources.memoryMaxMb },
      cpusetCpus: resources.linux.cpusetCpus,
      ports: allocation.ports,
      meta: { ...job.meta, ...group.meta, ...task.meta },
      env: task.env,
      templateEnv: parseTemplateEnv(task),
    },
    nodeScope,
  );
  const config = await fillConfig(task.config, { names: toConfigNames(env, nodeScope), parse });
  return {
    id: createTaskId(allocation.id, task.name),
    name: task.name,
    allocId: allocation.id,
    jobName: job.name,
    jobId: job.id,
    taskGroupName: group.name,
    namespace: job.namespace,
    nodeName: node.name,
    nodeId: node.id,
    parentJobId: "",
    user: task.user,
    allocDir: allocation.path,
    ...logPaths(allocation, task),
    env,
    deviceEnv: {},
    resources,
    mounts: [],
    devices: [],
    dns: group.network?.dns,
    driverConfig: encodeConfig(taskSchema, config),
  };
}

/** What the driver is told about another start of the same task: everything as before, but the id. */
export function renewTaskId(config: TaskConfig): TaskConfig {
  return { ...config, id: createTaskId(config.allocId, config.name) };
}

/** Each start of a task has an id of its own (`nomad`). */
function createTaskId(allocId: string, taskName: string): string {
  return `${allocId}/${taskName}/${randomBytes(4).toString("hex")}`;
}

/** The host's core count and clock turn `cores` into MHz, as Nomad does. */
function buildResources(allocation: Allocation, task: Task, node: NodeFacts): TaskResources {
  const { cpuMhz, cores, memoryMb, memoryMaxMb } = task.resources;
  const cpuShares = cores === undefined ? cpuMhz : Math.floor((cores * node.totalComputeMhz) / node.coreCount);
  return {
    cpuShares,
    memoryMb,
    memoryMaxMb,
    networks: [],
    ports: allocation.ports,
    linux: {
      cpuPeriodUs: 0,
      cpuQuotaUs: 0,
      cpuShares,
      memoryLimitBytes: Math.max(memoryMb, memoryMaxMb) * 1024 * 1024,
      oomScoreAdj: 0,
      cpusetCpus: allocation.cpusets.get(task.name) ?? "",
      cpusetCgroup: "",
      percentTicks: cpuShares / node.totalComputeMhz,
    },
  };
}

function logPaths(allocation: Allocation, task: Task): { readonly stdoutPath: string; readonly stderrPath: string } {
  if (task.logs.disabled) return { stdoutPath: "/dev/null", stderrPath: "/dev/null" };
  const base = join(allocation.path, "alloc", "logs", `.${task.name}`);
  return { stdoutPath: `${base}.stdout.fifo`, stderrPath: `${base}.stderr.fifo` };
}
