import type { ConfigBlock } from "@driver/nomad-plugin";
import { BlockReader } from "./block-reader.ts";
import type { JobReading } from "./block-reader.ts";
import { checkBlock } from "./check-block.ts";
import { decodeParameters, decodePeriodic } from "./decode-launch.ts";
import { decodeNetworks, noteNetworks } from "./decode-network.ts";
import { checkRestart, decodeRestart, defaultRestart } from "./decode-restart.ts";
import { decodeService } from "./decode-service.ts";
import { decodeTask } from "./decode-task.ts";
import { decodeVolume } from "./decode-volumes.ts";
import type { JobProblems } from "./job-file-error.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { Job, JobNote, JobType, Task, TaskGroup } from "./job.ts";
import type { groupKeys } from "./keys/group-keys.ts";
import { jobBlock, jobKeys } from "./keys/job-keys.ts";
import type { taskKeys } from "./keys/task-keys.ts";
import { noteGroups } from "./note-groups.ts";
import { noteServices } from "./note-services.ts";
import { noteSignals } from "./note-signals.ts";
import { checkJob } from "./rules/check-job.ts";
import { withoutFailed } from "./without-failed.ts";

type JobReader = BlockReader<typeof jobKeys>;

/** A job as far as it could be read, and what is wrong with it. */
export interface DecodedJob {
  readonly job: Job;
  readonly problems: JobProblems;
  /** The job without the tasks of which a part could not be evaluated: nothing more can be said of these. */
  readonly evaluated: Job;
}

/** Decodes an evaluated `job` block. A job with problems is for looking at, not for running. */
export function decodeJob(block: ConfigBlock, reading: JobReading): DecodedJob {
  const { problems } = reading;
  const keyNotes = checkBlock(block, jobBlock, reading);
  const reader = new BlockReader(block, jobKeys, reading);
  const type = reader.get("type") ?? "service";
  const groups = decodeGroups(reader, { type, jobName: reader.get("name") ?? reader.label, hasSecrets: reader.has("secret") });
  if (groups.length === 0) reader.report(`job "${reader.label}": has no group; a job needs at least one group with a task`, "group");
  checkJob(reader, type);
  const notes = [...(reading.jsonNotes ?? []), ...keyNotes, ...noteReaders(reader), ...noteGroups(groups), ...noteServices(groups)];
  const job = toJob(reader, { type, groups, notes: notes.toSorted(byPlace) });
  return { job, problems, evaluated: withoutFailed(job, block) };
}

/** What is told of the blocks as they are written. */
function noteReaders(reader: JobReader): readonly JobNote[] {
  const groups = reader.blocks("group");
  const networks = groups.flatMap((group) => noteNetworks(group.blocks("network")));
  return [...networks, ...noteSignals(groups.flatMap((group) => group.blocks("task")))];
}

function byPlace({ position: left }: JobNote, { position: right }: JobNote): number {
  return left.line - right.line || left.column - right.column;
}

function toJob(reader: JobReader, parts: Pick<Job, "type" | "groups" | "notes">): Job {
  const datacenters = reader.get("datacenters") ?? [];
  const [periodic, parameters] = [reader.optionalBlock("periodic"), reader.optionalBlock("parameterized")];
  return {
    id: decodeId(reader),
    name: decodeName(reader),
    type: parts.type,
    namespace: reader.get("namespace") ?? "default",
    region: decodeRegion(reader),
    datacenters: datacenters.length === 0 ? ["*"] : datacenters,
    meta: reader.map("meta"),
    groups: parts.groups,
    ...(periodic === undefined ? {} : { periodic: decodePeriodic(periodic) }),
    ...(parameters === undefined ? {} : { parameters: decodeParameters(parameters) }),
    notes: parts.notes,
    position: reader.block.position,
  };
}

function decodeId(reader: JobReader): string {
  const id = reader.get("id") ?? reader.label;
  if (id === "" || /\s/.test(id) || hasControlCharacter(id))
    reader.report(`job ${JSON.stringify(id)}: the name must not be empty nor hold spaces or control characters`, "id");
  return id;
}

function decodeRegion(reader: JobReader): string {
  const region = reader.get("region") ?? "global";
  if (region === "") reader.report("argument region: must not be empty", "region");
  return region;
}

function decodeName(reader: JobReader): string {
  const name = reader.get("name") ?? reader.label;
  if (name === "") reader.report(`job ${JSON.stringify(name)}: the name must not be empty`, "name");
  if (hasControlCharacter(name)) reader.report(`job ${JSON.stringify(name)}: the name must not hold control characters`, "name");
  return name;
}

interface GroupPlace {
  readonly type: JobType;
  readonly jobName: string;
  readonly hasSecrets: boolean;
}

/** A task directly in the job is a group of its own (`nomad`). */
function decodeGroups(reader: JobReader, place: GroupPlace): readonly TaskGroup[] {
  const alone = reader.blocks("task").map((task) => decodeLoneTask(task, place));
  const groups = [...alone, ...reader.blocks("group").map((group) => decodeGroup(group, place))];
  const seen = new Map<string, TaskGroup>();
  for (const group of groups) {
    const namesake = seen.get(group.name);
    if (namesake !== undefined) reader.report(`group "${group.name}": declared already on line ${namesake.position.line}`, group.position);
    seen.set(group.name, group);
  }
  return groups;
}

function decodeLoneTask(reader: BlockReader<typeof taskKeys>, { type, ...place }: GroupPlace): TaskGroup {
  const task = decodeTask(reader, { ...place, restart: defaultRestart(type), groupName: reader.label });
  return { name: task.name, count: 1, meta: {}, tasks: [task], services: [], volumes: [], shutdownDelayMs: 0, position: task.position };
}

function decodeGroup(reader: BlockReader<typeof groupKeys>, { type, jobName, ...outer }: GroupPlace): TaskGroup {
  const restart = decodeRestart(reader.optionalBlock("restart"), defaultRestart(type));
  checkRestart(restart, reader.optionalBlock("restart"));
  const network = decodeNetworks(reader.blocks("network"));
  const hasSecrets = outer.hasSecrets || reader.has("secret");
  const tasks = reader.blocks("task").map((task) => decodeTask(task, { restart, jobName, groupName: reader.label, hasSecrets }));
  const place = { level: "group", defaultName: `${jobName}-${reader.label}`, jobName, groupName: reader.label, taskName: "group" } as const;
  const count = reader.get("count") ?? 1;
  if (reader.label === "" || hasControlCharacter(reader.label))
    reader.report(`group ${JSON.stringify(reader.label)}: its name must not be empty nor hold control characters`);
  if (tasks.length === 0) reader.report(`group "${reader.label}": has no task`, "task");
  if (count > 1 && type === "system")
    reader.report(`argument count in group "${reader.label}": a ${type} job runs once on a machine, so count must be 0 or 1`, "count");
  checkTasks(tasks, reader);
  return {
    name: reader.label,
    count,
    meta: reader.map("meta"),
    ...(network === undefined ? {} : { network }),
    tasks,
    services: reader.blocks("service").map((service) => decodeService(service, place)),
    // The later of two of one name counts (`nomad`).
    volumes: [...new Map(reader.blocks("volume").map((volume) => [volume.label, decodeVolume(volume)])).values()],
    shutdownDelayMs: reader.get("shutdown_delay") ?? 0,
    position: reader.block.position,
  };
}

function checkTasks(tasks: readonly Task[], reader: BlockReader<typeof groupKeys>): void {
  const seen = new Map<string, Task>();
  for (const task of tasks) {
    const namesake = seen.get(task.name);
    if (namesake !== undefined) reader.report(`task "${task.name}": declared already on line ${namesake.position.line}`, task.position);
    seen.set(task.name, task);
  }
  const [, secondLeader] = tasks.filter((task) => task.leader);
  if (secondLeader !== undefined)
    reader.report(`task "${secondLeader.name}": only one task of a group can be its leader`, secondLeader.position);
}
