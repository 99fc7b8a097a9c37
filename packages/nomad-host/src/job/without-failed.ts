import type { ConfigBlock, ConfigBody } from "@driver/nomad-plugin";
import type { Job, TaskGroup } from "./job.ts";

/** What of a job or group its tasks are built from. */
const shared = ["meta", "network", "volume"];

/** The job without the tasks whose blocks, or what is around them, could not be evaluated whole. */
export function withoutFailed(job: Job, { body }: ConfigBlock): Job {
  const isLost = failsIn(body, shared);
  return { ...job, groups: job.groups.map((group) => (isLost ? { ...group, tasks: [] } : withoutFailedTasks(group, body))) };
}

function withoutFailedTasks(group: TaskGroup, job: ConfigBody): TaskGroup {
  const home = findBlock(job, "group", group.name)?.body;
  if (home !== undefined && failsIn(home, shared)) return { ...group, tasks: [] };
  const tasks = group.tasks.filter(({ name }) => {
    const block = findBlock(home ?? job, "task", name);
    return block !== undefined && !fails(block.body);
  });
  return { ...group, tasks };
}

function findBlock({ blocks }: ConfigBody, type: string, label: string): ConfigBlock | undefined {
  return blocks.find((block) => block.type === type && block.labels[0] === label);
}

function failsIn({ failed, blocks }: ConfigBody, types: readonly string[]): boolean {
  return types.some((type) => failed?.has(type) === true) || blocks.some(({ type, body }) => types.includes(type) && fails(body));
}

function fails({ failed, blocks }: ConfigBody): boolean {
  return failed !== undefined || blocks.some(({ body }) => fails(body));
}
