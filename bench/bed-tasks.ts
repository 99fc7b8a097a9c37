import type { DriverRig, RiggedTask, TaskWishes } from "@driver/testing";

/** A task that does nothing until it is killed. */
export const sleeper: TaskWishes = { config: { command: "sleep", args: ["100000"] } };

/** Starts tasks, four at a time: beyond that two cores only make each one slower. */
export async function startTasks(rig: DriverRig, count: number, wishes: TaskWishes = sleeper): Promise<RiggedTask[]> {
  const tasks: RiggedTask[] = [];
  while (tasks.length < count) {
    const batch = Array.from({ length: Math.min(4, count - tasks.length) }, async () => {
      const task = await rig.prepare(wishes);
      await rig.startTask(task);
      return task;
    });
    tasks.push(...(await Promise.all(batch)));
  }
  return tasks;
}

export async function destroyTasks(rig: DriverRig, tasks: readonly RiggedTask[]): Promise<void> {
  await Promise.all(tasks.map((task) => rig.driver.destroyTask(task.config.id, { force: true }, AbortSignal.timeout(60_000))));
  await Promise.all(tasks.flatMap((task) => [task.stdout.close(), task.stderr.close()]));
}

/** The name under which Podman knows a task's container. */
export function containerNameOf(task: RiggedTask): string {
  return `${task.config.name}-${task.config.allocId}`;
}
