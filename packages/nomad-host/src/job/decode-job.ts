import type { SourceFile } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { BlockReader } from "./block-reader.ts";
import { checkBlock } from "./check-block.ts";
import { decodeNetwork } from "./decode-network.ts";
import { decodeRestart, defaultRestart } from "./decode-restart.ts";
import { decodeTask } from "./decode-task.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { Job, JobType, Task, TaskGroup } from "./job.ts";
import type { groupKeys } from "./keys/group-keys.ts";
import { jobBlock, jobKeys } from "./keys/job-keys.ts";
import type { taskKeys } from "./keys/task-keys.ts";

type JobReader = BlockReader<typeof jobKeys>;

/** Decodes an evaluated `job` block; throws a JobFileError that names block and line. */
export function decodeJob(block: ConfigBlock, source: SourceFile): Job {
  const notes = checkBlock(block, jobBlock, source);
  const reader = new BlockReader(block, jobKeys, source);
  const type = reader.get("type") ?? "service";
  // Without effect here, but a wrong one is a mistake.
  reader.get("priority");
  const groups = decodeGroups(reader, type);
  if (groups.length === 0) throw reader.error(`job "${reader.label}": has no group; a job needs at least one group with a task`);
  return {
    id: decodeId(reader),
    name: decodeName(reader),
    type,
    namespace: reader.get("namespace") ?? "default",
    region: reader.get("region") ?? "global",
    datacenters: reader.get("datacenters") ?? ["*"],
    meta: reader.map("meta"),
    groups,
    notes,
    position: block.position,
  };
}

function decodeId(reader: JobReader): string {
  const id = reader.get("id") ?? reader.label;
  if (id === "" || /\s/.test(id) || hasControlCharacter(id))
    throw reader.error(`job ${JSON.stringify(id)}: the name must not be empty nor hold spaces or control characters`, "id");
  return id;
}

function decodeName(reader: JobReader): string {
  const name = reader.get("name") ?? reader.label;
  if (hasControlCharacter(name)) throw reader.error(`job ${JSON.stringify(name)}: the name must not hold control characters`, "name");
  return name;
}

/** A task directly in the job is a group of its own (`nomad`). */
function decodeGroups(reader: JobReader, type: JobType): readonly TaskGroup[] {
  const alone = reader.blocks("task").map((task) => decodeLoneTask(task, type));
  const groups = [...alone, ...reader.blocks("group").map((group) => decodeGroup(group, type))];
  const seen = new Map<string, TaskGroup>();
  for (const group of groups) {
    const namesake = seen.get(group.name);
    if (namesake !== undefined)
      throw reader.error(`group "${group.name}": declared already on line ${namesake.position.line}`, group.position);
    seen.set(group.name, group);
  }
  return groups;
}

function decodeLoneTask(reader: BlockReader<typeof taskKeys>, type: JobType): TaskGroup {
  const task = decodeTask(reader, defaultRestart(type));
  return { name: task.name, count: 1, meta: {}, tasks: [task], shutdownDelayMs: 0, position: task.position };
}

function decodeGroup(reader: BlockReader<typeof groupKeys>, type: JobType): TaskGroup {
  const restart = decodeRestart(reader.optionalBlock("restart"), defaultRestart(type));
  const network = reader.optionalBlock("network");
  const tasks = reader.blocks("task").map((task) => decodeTask(task, restart));
  const count = reader.get("count") ?? 1;
  if (reader.label === "" || hasControlCharacter(reader.label))
    throw reader.error(`group ${JSON.stringify(reader.label)}: its name must not be empty nor hold control characters`);
  if (tasks.length === 0) throw reader.error(`group "${reader.label}": has no task`);
  if (count > 1 && (type === "system" || type === "sysbatch"))
    throw reader.error(`argument count in group "${reader.label}": a ${type} job runs once on a machine, so count must be 0 or 1`, "count");
  checkTasks(tasks, reader);
  return {
    name: reader.label,
    count,
    meta: reader.map("meta"),
    ...(network === undefined ? {} : { network: decodeNetwork(network) }),
    tasks,
    shutdownDelayMs: reader.get("shutdown_delay") ?? 0,
    position: reader.block.position,
  };
}

function checkTasks(tasks: readonly Task[], reader: BlockReader<typeof groupKeys>): void {
  const seen = new Map<string, Task>();
  for (const task of tasks) {
    const namesake = seen.get(task.name);
    if (namesake !== undefined)
      throw reader.error(`task "${task.name}": declared already on line ${namesake.position.line}`, task.position);
    seen.set(task.name, task);
  }
  const [, secondLeader] = tasks.filter((task) => task.leader);
  if (secondLeader !== undefined)
    throw reader.error(`task "${secondLeader.name}": only one task of a group can be its leader`, secondLeader.position);
  if (tasks.every((task) => task.lifecycle !== undefined))
    throw reader.error(`group "${reader.label}": has no main task; at least one task must be without lifecycle`);
}
