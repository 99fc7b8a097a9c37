import { join } from "node:path";

import { createHclParser, loadWasm } from "@driver/hcl";
import type { Fingerprint, Spec } from "@driver/nomad-plugin";

import type { Job, Task } from "../job/job.ts";
import type { FoundService } from "../template/functions/host-functions.ts";
import { planChecks } from "./checks/plan-checks.ts";
import type { PlannedCheck } from "./checks/planned-check.ts";
import { checkConfigOf } from "./driver/check-configs.ts";
import type { CheckConfig } from "./driver/check-configs.ts";
import type { PlacedProblem } from "./driver/encode-task-config.ts";
import { toNodeScope } from "./env/node-facts.ts";
import type { NodeFacts } from "./env/node-facts.ts";
import { interpolateText } from "./env/interpolate.ts";
import type { Scope } from "./env/interpolate.ts";
import type { HostSettings } from "./host-settings.ts";
import { buildTask } from "./lifecycle/allocation.ts";
import type { Allocation, BuiltTask, TaskSurroundings, TemplateState } from "./lifecycle/allocation.ts";
import { planCores } from "./lifecycle/plan-cores.ts";
import type { LifecyclePlan } from "./lifecycle/plan-lifecycle.ts";
import type { PreparedTask } from "./lifecycle/task-preparation.ts";
import { chooseDatacenter } from "./plan-allocations.ts";
import type { PlannedAllocation } from "./plan-allocations.ts";
import { PortAllocator } from "./ports/allocate-ports.ts";
import { resolveHostNetworks } from "./ports/host-networks.ts";
import { RunProblems } from "./run-problems.ts";
import { planServices } from "./services/plan-services.ts";
import type { ServiceHome } from "./services/plan-services.ts";

/** An allocation that has its place on this machine: ports, cores and folder. */
export interface PlacedAllocation extends Allocation {
  readonly plan: LifecyclePlan;
}

/** A placed allocation whose tasks can be started. */
export interface PreparedAllocation {
  readonly allocation: PlacedAllocation;
  readonly tasks: ReadonlyMap<Task, PreparedTask>;
  /** The group's own, for templates of the whole run. */
  readonly services: readonly FoundService[];
  /** Of the group's services and of those of its tasks. */
  readonly checks: readonly PlannedCheck[];
  /** What the driver says of its tasks' configs, though they can be started. */
  readonly notices: readonly PlacedProblem[];
  /** What the group calls its own network; empty: nothing. */
  readonly hostname: string;
  /** Of the group's own network; undefined: it has none. */
  readonly allocAddress?: string | undefined;
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
}

/** The machine, as far as tasks see it. */
export interface HostFacts {
  readonly node: NodeFacts;
  readonly hostIp: string;
  /** Items of Nomad's variables, by path. */
  readonly variables: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

const nothingYet = { services: [], sources: new Map(), isTrial: true } as const;

/**
 * Builds all task configs before anything starts, so that a mistake in the last task starts none. Rejects with one
 * RunError for all that is wrong, in the order of the file.
 */
export async function prepareAllocations(
  allocations: readonly PlacedAllocation[],
  driver: KnownDriver,
  facts: HostFacts,
): Promise<readonly PreparedAllocation[]> {
  const parse = await createHclParser(loadWasm, { name: "config", text: "" });
  const problems = new RunProblems();
  const { taskSchema } = driver;
  const prepare = async (allocation: PlacedAllocation): Promise<PreparedAllocation> => {
    const { datacenter, job, group } = allocation;
    const nodeScope = toNodeScope(facts.node, { datacenter, region: job.region, driverAttributes: driver.attributes });
    const around = { node: facts.node, nodeScope, taskSchema, parse };
    const tasks = new Map<Task, PreparedTask>();
    const notices: PlacedProblem[] = [];
    for (const task of group.tasks) {
      if (task.driver !== driver.name) {
        problems.add("job-unsupported", describeForeign(task, driver.name));
        continue;
      }
      const report = (problem: PlacedProblem) => problems.add("job-invalid", problem);
      const built = await buildTask(allocation, task, { ...around, ...nothingYet, variables: facts.variables, report });
      if (built === undefined) continue;
      const rebuild = (state: TemplateState) => rebuildTask(allocation, task, { ...around, ...state });
      tasks.set(task, { built, rebuild, services: planServices(serviceHome(allocation, { task, facts, scope: built.scope })) });
      const found = checkConfigOf(task, built.config, { check: driver.checkConfig, group });
      found.problems.forEach(report);
      notices.push(...found.notices);
    }
    const [first] = tasks.values();
    const scope = first?.built.scope ?? nodeScope;
    const checks = [
      ...planChecks(group.services, { task: undefined, scope }),
      ...[...tasks].flatMap(([{ name, services }, { built }]) => planChecks(services, { task: name, scope: built.scope })),
    ];
    const hostname = interpolateText(group.network?.hostname ?? "", scope);
    const services = planServices(serviceHome(allocation, { task: undefined, facts, scope }));
    return { allocation, tasks, checks, hostname, services, notices };
  };
  const prepared = await Promise.all(allocations.map(prepare));
  problems.throwIfAny();
  return prepared;
}

/** Builds a task once more, when more is known. Rejects with one `job-invalid` for all that is wrong. */
async function rebuildTask(allocation: PlacedAllocation, task: Task, around: TaskSurroundings & TemplateState): Promise<BuiltTask> {
  const problems = new RunProblems();
  const built = await buildTask(allocation, task, { ...around, report: (problem) => problems.add("job-invalid", problem) });
  problems.throwIfAny();
  if (built === undefined) throw new Error(`task ${task.name} could not be built, and nothing was wrong`);
  return built;
}

function serviceHome(
  { id, job, group, ports, datacenter }: PlacedAllocation,
  { task, facts, scope }: { readonly task: Task | undefined; readonly facts: HostFacts; readonly scope: Scope },
): ServiceHome {
  return { allocId: id, job, group, task, ports, datacenter, scope, hostIp: facts.hostIp, node: facts.node.name };
}

function describeForeign({ name, driver, position }: Task, known: string): PlacedProblem {
  const wanted = `driver ${JSON.stringify(driver)}`;
  return { message: `task ${JSON.stringify(name)}: ${wanted} is not available; \`run\` has ${JSON.stringify(known)}`, position };
}
