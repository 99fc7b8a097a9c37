import type { BlockReader } from "../block-reader.ts";
import type { JobType } from "../job.ts";
import type { groupKeys } from "../keys/group-keys.ts";
import type { jobKeys } from "../keys/job-keys.ts";
import { checkScheduling, checkSpreads } from "./check-placement.ts";
import { checkDisconnect, checkMigrate, checkReschedule, checkScaling, checkUpdate, progressDeadlineMs } from "./check-rollout.ts";
import { checkGroupServices } from "./check-group-services.ts";
import { checkParameters, checkPeriodic } from "./check-launch.ts";
import { checkTask } from "./check-task.ts";
import { checkVolumes } from "./check-volumes.ts";

const longestDescription = 1000;
/** Of all groups together, unless a server is told otherwise (`nomad`: job_max_count). */
const mostCopies = 50_000;
const defaultDiskMb = 300;

/** What a Nomad server asks of a job, its own blocks apart from the groups. */
export function checkJob(reader: BlockReader<typeof jobKeys>, type: JobType): void {
  if (reader.get("datacenters")?.includes("") === true) reader.report("argument datacenters: a name must not be empty", "datacenters");
  checkScheduling({ constraints: reader.blocks("constraint"), affinities: reader.blocks("affinity") }, { type, level: "job" });
  checkSpreads(reader.blocks("spread"), type);
  const description = reader.optionalBlock("ui")?.get("description") ?? "";
  if (Buffer.byteLength(description) > longestDescription) reader.report("ui: description must not be longer than 1000 bytes", "ui");
  checkPeriodic(reader.optionalBlock("periodic"), type);
  checkParameters(reader.optionalBlock("parameterized"), type);
  const jobName = reader.get("name") ?? reader.label;
  const copies = reader
    .blocks("group")
    .reduce((sum, group) => sum + (group.get("count") ?? group.optionalBlock("scaling")?.get("min") ?? 1), 0);
  if (copies > mostCopies) reader.report(`job "${reader.label}": ${copies} copies of its groups are more than ${mostCopies}`);
  for (const group of reader.blocks("group")) checkGroup(group, { job: reader, jobName, type });
  for (const task of reader.blocks("task")) {
    const deadlineMs = checkPolicies(reader, undefined, type);
    const place = { type, jobName, groupName: task.label, portLabels: [], volumes: [], diskMb: defaultDiskMb };
    checkTask(task, { ...place, progressDeadlineMs: deadlineMs });
  }
}

/** What is asked of a group's policies, which are the job's where it has none of its own; gives its progress deadline. */
function checkPolicies(job: BlockReader<typeof jobKeys>, group: BlockReader<typeof groupKeys> | undefined, type: JobType): number {
  const updates = { job: job.optionalBlock("update"), group: group?.optionalBlock("update") };
  checkUpdate(updates, type);
  checkMigrate({ job: job.optionalBlock("migrate"), group: group?.optionalBlock("migrate") }, type);
  checkReschedule({ job: job.optionalBlock("reschedule"), group: group?.optionalBlock("reschedule") }, type);
  return progressDeadlineMs(updates, type);
}

interface GroupPlace {
  readonly job: BlockReader<typeof jobKeys>;
  readonly jobName: string;
  readonly type: JobType;
}

function checkGroup(reader: BlockReader<typeof groupKeys>, { job, jobName, type }: GroupPlace): void {
  const scaling = reader.optionalBlock("scaling");
  checkScheduling({ constraints: reader.blocks("constraint"), affinities: reader.blocks("affinity") }, { type, level: "group" });
  checkSpreads(reader.blocks("spread"), type);
  const deadlineMs = checkPolicies(job, reader, type);
  checkScaling(scaling, reader.get("count") ?? scaling?.get("min") ?? 1);
  checkDisconnect(reader.optionalBlock("disconnect"), type);
  if ((reader.get("shutdown_delay") ?? 0) < 0)
    reader.report(`argument shutdown_delay in group "${reader.label}": must not be negative`, "shutdown_delay");
  checkGroupServices(reader, jobName);
  const portLabels = readPortLabels(reader);
  const canaries = (reader.optionalBlock("update") ?? job.optionalBlock("update"))?.get("canary") ?? 0;
  checkVolumes(reader.blocks("volume"), { type, canaries });
  const volumes = reader.hasFailed("volume") ? undefined : reader.blocks("volume").map(({ label }) => label);
  const diskMb = reader.optionalBlock("ephemeral_disk")?.get("size") ?? defaultDiskMb;
  const place = { type, jobName, groupName: reader.label, portLabels, volumes, diskMb, progressDeadlineMs: deadlineMs };
  for (const task of reader.blocks("task")) checkTask(task, place);
}

/** Of all its networks, whichever of them counts (`nomad`). Undefined: they could not be evaluated. */
function readPortLabels(reader: BlockReader<typeof groupKeys>): readonly string[] | undefined {
  const networks = reader.blocks("network");
  if (reader.hasFailed("network") || networks.some((network) => network.hasFailed("port"))) return undefined;
  return networks.flatMap((network) => network.blocks("port").map(({ label }) => label));
}
