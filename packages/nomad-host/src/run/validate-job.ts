import type { Job } from "../job/job.ts";
import type { Findings } from "./driver/check-configs.ts";
import type { PlacedProblem } from "./driver/encode-task-config.ts";
import { readNodeFacts } from "./env/node-facts.ts";
import { sampleDispatch } from "./launch/derive-job.ts";
import { planAllocations } from "./plan-allocations.ts";
import { prepareAllocations } from "./prepare-allocations.ts";
import type { KnownDriver } from "./prepare-allocations.ts";
import { RunError } from "./run-error.ts";
import { volumeSource } from "./volumes/plan-mounts.ts";

/** An address and ports that nobody has, of the sort that a run gives. */
const sampleIp = "192.0.2.1";
const firstSamplePort = 20_000;

/** Has a variable of Nomad's at every path, since only a run is told of them. */
class AnyVariables extends Map<string, Readonly<Record<string, string>>> {
  override has(): boolean {
    return true;
  }

  override get(): Readonly<Record<string, string>> {
    return { value: "" };
  }
}

/**
 * What `runJob` would refuse before it starts anything, as far as it can be told without the plugin, Podman and this
 * machine's free ports and cores, and what the driver would tell the author. One copy of each group is looked at.
 */
export async function validateJob(job: Job, driver: KnownDriver): Promise<Findings<PlacedProblem>> {
  try {
    const single = { ...sampleDispatch(job), groups: job.groups.map((group) => ({ ...group, count: Math.min(group.count, 1) })) };
    const placed = planAllocations(single).map(({ id, index, group, plan }) => ({
      ...{ id, index, job, group, plan, datacenter: "dc1", path: `/nomad/${id}` },
      cpusets: new Map<string, string>(),
      volumePaths: new Map(group.volumes.map((volume) => [volumeSource(volume, index), `/host/${volume.source}`])),
      ports: (group.network?.ports ?? []).map(({ label, static: fixed, to = 0 }, offset) => {
        const hostPort = fixed ?? firstSamplePort + offset;
        return { label, hostPort, to: to === -1 ? hostPort : to, hostIp: sampleIp };
      }),
    }));
    const facts = { node: await readNodeFacts(sampleIp), hostIp: sampleIp, variables: new AnyVariables() };
    const prepared = await prepareAllocations(placed, driver, facts);
    return { problems: [], notices: prepared.flatMap(({ notices }) => notices) };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { problems: [{ message: error.message, position: error.position ?? job.position }, ...error.further], notices: [] };
  }
}
