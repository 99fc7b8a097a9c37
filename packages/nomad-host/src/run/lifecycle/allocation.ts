import { randomBytes } from "node:crypto";
import { join, posix } from "node:path";

import type { ParseHcl } from "@driver/hcl";
import type { Spec, TaskConfig, TaskResources } from "@driver/nomad-plugin";

import type { Job, Task, TaskGroup, TaskTemplate } from "../../job/job.ts";
import type { FoundService, TemplateSurroundings } from "../../template/functions/host-functions.ts";
import { planArtifacts } from "../artifacts/plan-artifact.ts";
import type { PlannedArtifact } from "../artifacts/plan-artifact.ts";
import { toConfigNames } from "../env/config-names.ts";
import { fillConfig } from "../env/fill-config.ts";
import { interpolateText } from "../env/interpolate.ts";
import type { Scope } from "../env/interpolate.ts";
import type { NodeFacts } from "../env/node-facts.ts";
import { planTemplates, readTemplateEnv } from "../env/plan-templates.ts";
import type { PlannedFile } from "../env/plan-templates.ts";
import { renderTemplates } from "../env/render-templates.ts";
import { buildTaskEnv } from "../env/task-env.ts";
import type { TaskEnvSource } from "../env/task-env.ts";
import { encodeTaskConfig } from "../driver/encode-task-config.ts";
import type { PlacedProblem } from "../driver/encode-task-config.ts";
import type { AllocatedPort } from "../ports/allocated-port.ts";
import { planMounts } from "../volumes/plan-mounts.ts";

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
  /** Paths of this machine's host volumes, by name. */
  readonly volumePaths: ReadonlyMap<string, string>;
}

/** What templates look into, as it is at present. */
export interface TemplateState {
  readonly services: readonly FoundService[];
  /** Items of Nomad's variables, by path. */
  readonly variables: TemplateSurroundings["variables"];
  /** Texts of template sources that could be read. */
  readonly sources: ReadonlyMap<TaskTemplate, string>;
  /** True: a template about services may fail, since none is there yet. */
  readonly isTrial: boolean;
}

export interface TaskSurroundings {
  readonly node: NodeFacts;
  readonly nodeScope: Scope;
  readonly taskSchema: Spec;
  readonly parse: ParseHcl;
}

/** A task that can be started. */
export interface BuiltTask {
  readonly config: TaskConfig;
  /** Written before its first start. */
  readonly files: readonly PlannedFile[];
  /** Fetched before its first start. */
  readonly artifacts: readonly PlannedArtifact[];
  /** As they were rendered; those that could not be are not among them. */
  readonly templates: readonly TaskTemplate[];
  /** What the job file can refer to. */
  readonly scope: Scope;
}

/**
 * Everything Nomad would tell the driver about one start of `task`. What is wrong is reported with its position in the job
 * file, all of it; undefined when there was any.
 */
export async function buildTask(
  allocation: Allocation,
  task: Task,
  around: TaskSurroundings & TemplateState & { report(problem: PlacedProblem): void },
): Promise<BuiltTask | undefined> {
  const { node, nodeScope, taskSchema, parse, variables } = around;
  let problemCount = 0;
  const report = (problem: PlacedProblem): void => {
    problemCount += 1;
    around.report(problem);
  };
  const resources = buildResources(allocation, task, node);
  const source = envSource(allocation, task, resources);
  const ownEnv = buildTaskEnv({ ...source, templateEnv: {} }, nodeScope);
  const rendered = renderTemplates(task, { ...around, around: { env: ownEnv, variables, services: around.services }, report });
  const env = buildTaskEnv({ ...source, templateEnv: readTemplateEnv(rendered, report) }, nodeScope);
  const scope = new Map([...nodeScope, ...Object.entries(env)]);
  const files = [...planPayload(task, allocation.job), ...planTemplates(rendered, { scope, report })];
  const artifacts = planArtifacts(task, { scope, report });
  const { group, index: allocIndex, volumePaths: paths } = allocation;
  const mounts = planMounts(task, { group, allocIndex, scope, paths, report });
  const filled = await fillConfig(task.config, { names: toConfigNames(env, nodeScope), parse, hasSecrets: task.hasSecrets, report });
  const driverConfig = encodeTaskConfig(taskSchema, filled, { report });
  if (driverConfig === undefined || problemCount > 0) return undefined;
  return {
    config: toTaskConfig(allocation, task, { node, env, resources, driverConfig, mounts, dns: fillDns(group.network?.dns, scope) }),
    files,
    artifacts,
    templates: rendered.templates,
    scope,
  };
}

/** The payload of a dispatched job, for a task that wants it; everybody may read and run it (`nomad`). */
function planPayload({ name, payloadFile = "" }: Task, { payload }: Job): readonly PlannedFile[] {
  if (payload === undefined || payload.length === 0 || payloadFile === "") return [];
  return [{ path: posix.join(name, "local", payloadFile), text: payload, mode: 0o755 }];
}

function envSource(allocation: Allocation, task: Task, resources: TaskResources): Omit<TaskEnvSource, "templateEnv"> {
  const { job, group } = allocation;
  return {
    allocId: allocation.id,
    allocIndex: allocation.index,
    jobId: job.id,
    parentJobId: job.parentId,
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
  };
}

function toTaskConfig(
  allocation: Allocation,
  task: Task,
  parts: Pick<TaskConfig, "env" | "resources" | "driverConfig" | "mounts" | "dns"> & { readonly node: NodeFacts },
): TaskConfig {
  const { job, group } = allocation;
  const { node, env, resources, driverConfig, mounts, dns } = parts;
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
    parentJobId: job.parentId ?? "",
    user: task.user,
    allocDir: allocation.path,
    ...logPaths(allocation, task),
    env,
    deviceEnv: {},
    resources,
    mounts,
    devices: [],
    dns,
    driverConfig,
  };
}

/** A group's name servers as one of its tasks has them (`nomad`: InterpolateNetworks). */
function fillDns(dns: TaskConfig["dns"], scope: Scope): TaskConfig["dns"] {
  const fill = (texts: readonly string[]): readonly string[] => texts.map((text) => interpolateText(text, scope));
  return dns && { servers: fill(dns.servers), searches: fill(dns.searches), options: fill(dns.options) };
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
