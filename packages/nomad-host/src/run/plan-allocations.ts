import { randomUUID } from "node:crypto";

import type { Job, TaskGroup } from "../job/job.ts";
import { planLifecycle } from "./lifecycle/plan-lifecycle.ts";
import type { LifecyclePlan } from "./lifecycle/plan-lifecycle.ts";
import { RunError } from "./run-error.ts";

/** One copy of a group that is to run. */
export interface PlannedAllocation {
  readonly id: string;
  readonly index: number;
  readonly group: TaskGroup;
  readonly plan: LifecyclePlan;
}

/** All copies of all groups; throws for what the embedded host does not have, with the position in the job file. */
export function planAllocations(job: Job): readonly PlannedAllocation[] {
  const allocations = job.groups.flatMap((group) => {
    refuseNetwork(group);
    const plan = planLifecycle(group);
    return Array.from({ length: group.count }, (_, index) => ({ id: randomUUID(), index, group, plan }));
  });
  if (allocations.length === 0)
    throw new RunError("job-invalid", `job ${JSON.stringify(job.id)} has nothing to run: every group has count = 0`, {
      position: job.position,
    });
  return allocations;
}

/** Modes other than host, bridge and none need what a Nomad agent does with its CNI plugins. */
function refuseNetwork({ name, network }: TaskGroup): void {
  if (network === undefined) return;
  const { mode, hostname, position } = network;
  const refuse = (problem: string, remedy: string): never => {
    throw new RunError("job-unsupported", `group ${JSON.stringify(name)}: ${problem} is not supported by \`run\`; ${remedy}`, { position });
  };
  if (mode !== "host" && mode !== "bridge" && mode !== "none") {
    refuse(`network mode ${JSON.stringify(mode)}`, 'use "bridge", or leave the mode out and set network_mode in the task\'s config');
  }
  if (hostname !== undefined && mode === "host") {
    // The server takes it, and no client does (`nomad`: newNetworkManager).
    const message = `group ${JSON.stringify(name)}: a hostname needs network mode "bridge" or "none"; set hostname in the task's config`;
    throw new RunError("job-invalid", message, { position });
  }
}

/** The first datacenter that is a name and not a pattern. */
export function chooseDatacenter(datacenters: readonly string[]): string {
  return datacenters.find((name) => !name.includes("*")) ?? "dc1";
}
