import { join } from "node:path";

import { createHclParser, loadWasm } from "@driver/hcl";
import type { TaskConfig } from "@driver/nomad-plugin";

import type { Job, Task } from "../job/job.ts";
import type { DriverFacts } from "./driver/live-driver.ts";
import { toNodeScope } from "./env/node-facts.ts";
import type { NodeFacts } from "./env/node-facts.ts";
import { planTemplates } from "./env/plan-templates.ts";
import type { PlannedFile } from "./env/plan-templates.ts";
import { buildTaskConfig } from "./lifecycle/allocation.ts";
import type { Allocation } from "./lifecycle/allocation.ts";
import { planCores } from "./lifecycle/plan-cores.ts";
import type { LifecyclePlan } from "./lifecycle/plan-lifecycle.ts";
import { chooseDatacenter } from "./plan-allocations.ts";
import type { PlannedAllocation } from "./plan-allocations.ts";
import { PortAllocator } from "./ports/allocate-ports.ts";
import { RunError } from "./run-error.ts";

/** An allocation that has its place on this machine: ports, cores and folder. */
export interface PlacedAllocation extends Allocation {
  readonly plan: LifecyclePlan;
}

/** A placed allocation, and what the driver will be told about each of its tasks. */
export interface PreparedAllocation {
  readonly allocation: PlacedAllocation;
  readonly configs: ReadonlyMap<Task, TaskConfig>;
  /** Written before the first task starts. */
  readonly files: readonly PlannedFile[];
}

/** Gives each allocation its ports and cores; rejects with `port-unavailable` or `job-invalid`. */
export async function placeAllocations(
  job: Job,
  planned: readonly PlannedAllocation[],
  place: { readonly rootPath: string; readonly hostIp: string; readonly node: NodeFacts },
): Promise<readonly PlacedAllocation[]> {
  const ports = new PortAllocator({ hostIp: place.hostIp });
  const datacenter = chooseDatacenter(job.datacenters);
  const placed: PlacedAllocation[] = [];
  let firstCore = 0;
  for (const { id, index, group, plan } of planned) {
    const cpusets = planCores(group, { firstCore, coreCount: place.node.coreCount });
    firstCore += [...cpusets.values()].flatMap((list) => list.split(",")).length;
    const path = join(place.rootPath, id);
    placed.push({ id, index, job, group, plan, datacenter, cpusets, path, ports: await ports.allocate(group.network?.ports ?? []) });
  }
  return placed;
}

/** Builds all task configs before anything starts, so that a mistake in the last task starts none. */
export async function prepareAllocations(
  allocations: readonly PlacedAllocation[],
  driver: DriverFacts,
  node: NodeFacts,
): Promise<readonly PreparedAllocation[]> {
  const parse = await createHclParser(loadWasm, { name: "config", text: "" });
  const prepared = allocations.map(async (allocation) => {
    const { datacenter, job, group } = allocation;
    const nodeScope = toNodeScope(node, { datacenter, region: job.region, driverAttributes: driver.fingerprint.attributes });
    const surroundings = { node, nodeScope, taskSchema: driver.taskSchema, parse };
    const configs = group.tasks.map(async (task) => {
      refuseForeignDriver(task, driver.info.name);
      return [task, await buildTaskConfig(allocation, task, surroundings)] as const;
    });
    const built = new Map(await Promise.all(configs));
    const files = [...built].flatMap(([task, { env }]) => planTemplates(task, new Map([...nodeScope, ...Object.entries(env)])));
    return { allocation, configs: built, files };
  });
  return Promise.all(prepared);
}

function refuseForeignDriver(task: Task, known: string): void {
  if (task.driver === known) return;
  const wanted = `driver ${JSON.stringify(task.driver)}`;
  const message = `task ${JSON.stringify(task.name)}: ${wanted} is not available; \`run\` has ${JSON.stringify(known)}`;
  throw new RunError("job-unsupported", message, { position: task.position });
}
