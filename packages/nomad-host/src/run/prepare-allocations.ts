import { join } from "node:path";

import { createHclParser, loadWasm } from "@driver/hcl";
import type { Fingerprint, Spec, TaskConfig } from "@driver/nomad-plugin";

import type { Job, Task } from "../job/job.ts";
import type { PlannedArtifact } from "./artifacts/plan-artifact.ts";
import { findConfigProblems } from "./driver/check-configs.ts";
import type { CheckConfig } from "./driver/check-configs.ts";
import type { AdviseKey, PlacedProblem } from "./driver/encode-task-config.ts";
import { toNodeScope } from "./env/node-facts.ts";
import type { NodeFacts } from "./env/node-facts.ts";
import type { PlannedFile } from "./env/plan-templates.ts";
import type { HostSettings } from "./host-settings.ts";
import { buildTask } from "./lifecycle/allocation.ts";
import type { Allocation } from "./lifecycle/allocation.ts";
import { planCores } from "./lifecycle/plan-cores.ts";
import type { LifecyclePlan } from "./lifecycle/plan-lifecycle.ts";
import { chooseDatacenter } from "./plan-allocations.ts";
import type { PlannedAllocation } from "./plan-allocations.ts";
import { PortAllocator } from "./ports/allocate-ports.ts";
import { resolveHostNetworks } from "./ports/host-networks.ts";
import { RunProblems } from "./run-problems.ts";

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
  readonly artifacts: ReadonlyMap<Task, readonly PlannedArtifact[]>;
}

/** Gives each allocation its ports and cores; rejects with `port-unavailable` or `job-invalid`. */
export async function placeAllocations(
  job: Job,
  planned: readonly PlannedAllocation[],
  place: { readonly rootPath: string; readonly hostIp: string; readonly node: NodeFacts; readonly host: HostSettings },
): Promise<readonly PlacedAllocation[]> {
  const ports = new PortAllocator({ hostIp: place.hostIp, networks: resolveHostNetworks(place.host.networks) });
  const datacenter = chooseDatacenter(job.datacenters);
  const placed: PlacedAllocation[] = [];
  let firstCore = 0;
  for (const { id, index, group, plan } of planned) {
    const cpusets = planCores(group, { firstCore, coreCount: place.node.coreCount });
    firstCore += [...cpusets.values()].flatMap((list) => list.split(",")).length;
    const path = join(place.rootPath, id);
    const allocated = await ports.allocate(group.network?.ports ?? []);
    placed.push({ id, index, job, group, plan, datacenter, cpusets, path, ports: allocated, volumePaths: place.host.volumes });
  }
  return placed;
}

/** What is known of a driver without a task: of the running plugin, or of this one before any is started. */
export interface KnownDriver {
  readonly name: string;
  readonly taskSchema: Spec;
  readonly attributes: Fingerprint["attributes"];
  readonly checkConfig?: CheckConfig | undefined;
  readonly adviseKey?: AdviseKey | undefined;
}

/**
 * Builds all task configs before anything starts, so that a mistake in the last task starts none. Rejects with one
 * RunError for all that is wrong, in the order of the file.
 */
export async function prepareAllocations(
  allocations: readonly PlacedAllocation[],
  driver: KnownDriver,
  node: NodeFacts,
): Promise<readonly PreparedAllocation[]> {
  const parse = await createHclParser(loadWasm, { name: "config", text: "" });
  const problems = new RunProblems();
  const { taskSchema, adviseKey = () => undefined } = driver;
  const prepare = async (allocation: PlacedAllocation): Promise<PreparedAllocation> => {
    const { datacenter, job, group } = allocation;
    const nodeScope = toNodeScope(node, { datacenter, region: job.region, driverAttributes: driver.attributes });
    const configs = new Map<Task, TaskConfig>();
    const files: PlannedFile[] = [];
    const artifacts = new Map<Task, readonly PlannedArtifact[]>();
    for (const task of group.tasks) {
      if (task.driver !== driver.name) {
        problems.add("job-unsupported", describeForeign(task, driver.name));
        continue;
      }
      const report = (problem: PlacedProblem) => problems.add("job-invalid", problem);
      const built = await buildTask(allocation, task, { node, nodeScope, taskSchema, parse, adviseKey, report });
      if (built === undefined) continue;
      configs.set(task, built.config);
      files.push(...built.files);
      artifacts.set(task, built.artifacts);
      for (const problem of findConfigProblems(task, built.config, driver.checkConfig)) report(problem);
    }
    return { allocation, configs, files, artifacts };
  };
  const prepared = await Promise.all(allocations.map(prepare));
  problems.throwIfAny();
  return prepared;
}

function describeForeign({ name, driver, position }: Task, known: string): PlacedProblem {
  const wanted = `driver ${JSON.stringify(driver)}`;
  return { message: `task ${JSON.stringify(name)}: ${wanted} is not available; \`run\` has ${JSON.stringify(known)}`, position };
}
