import { DriverRig, type TaskWishes } from "@driver/testing";
import type { Bed } from "./bed.ts";
import { destroyTasks } from "./bed-tasks.ts";
import { RecordedSpec } from "./recorded-spec.ts";

/** Times of the same starts in ms, the first of each to warm up. */
export interface StartPairs {
  readonly driverMs: readonly number[];
  readonly bareMs: readonly number[];
}

/** Starts a task by the driver, and the very same container by Podman alone, `pairs` times in turn. */
export async function timeStartPairs(bed: Bed, wishes: TaskWishes, pairs: number): Promise<StartPairs> {
  const recorded = await RecordedSpec.record(bed, wishes);
  await using rig = await DriverRig.start();
  const timeDriver = async (): Promise<number> => {
    const task = await rig.prepare(wishes);
    const startMs = performance.now();
    await rig.startTask(task);
    const elapsedMs = performance.now() - startMs;
    await destroyTasks(rig, [task]);
    return elapsedMs;
  };
  const timeBare = async (): Promise<number> => {
    const task = await rig.prepare(wishes);
    const spec = recorded.specFor(task);
    const startMs = performance.now();
    const container = await bed.podman.startContainer(spec);
    const elapsedMs = performance.now() - startMs;
    await bed.podman.remove(container.id);
    return elapsedMs;
  };
  const driverMs: number[] = [];
  const bareMs: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // Each goes first every other time: the second one may find the caches warm, or the disk busy.
    const order = pair % 2 === 0 ? [timeDriver, timeBare] : [timeBare, timeDriver];
    for (const time of order) (time === timeDriver ? driverMs : bareMs).push(await time());
  }
  return { driverMs, bareMs };
}
