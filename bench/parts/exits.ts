import { setTimeout as sleep } from "node:timers/promises";
import { DriverRig, type RiggedTask } from "@driver/testing";
import type { Bed, Part } from "../bed.ts";
import { containerNameOf, destroyTasks, sleeper, startTasks } from "../bed-tasks.ts";
import { atMost, type Figure } from "../figure.ts";
import { PollingWatcher } from "../polling-watcher.ts";
import { describeScatter, median, percentile } from "../statistics.ts";

const lives = 40;
/** Polling takes a second and more, and its figure is known well enough after a few. */
const livesPerPolledLife = 3;
const crowd = 20;
/** Most of such a round is Podman's own clean-up on all cores, and takes 50 ms or 250. */
const crowdRounds = 21;

export const exits: Part = {
  name: "exits",
  summary: "from a container's death to WaitTask's answer, one at a time and 20 at once",
  async run(bed) {
    await using rig = await DriverRig.start();
    await using watcher = new PollingWatcher(bed.engine.socketPath);
    const single = await measureSingles(bed, rig, watcher);
    const together = await measureCrowds(bed, rig, watcher);
    return [...toSingleFigures(single), toCrowdFigure(together)];
  },
};

interface Latencies {
  readonly driverMs: readonly number[];
  readonly polledMs: readonly number[];
}

async function measureSingles(bed: Bed, rig: DriverRig, watcher: PollingWatcher): Promise<Latencies> {
  const driverMs: number[] = [];
  const polledMs: number[] = [];
  for (let life = 0; life < lives; life += 1) {
    driverMs.push(await endTogether(bed, rig, { count: 1 }));
    if (life % livesPerPolledLife === 0) polledMs.push(await endTogether(bed, rig, { count: 1, watcher }));
  }
  return { driverMs, polledMs };
}

async function measureCrowds(bed: Bed, rig: DriverRig, watcher: PollingWatcher): Promise<Latencies> {
  const driverMs: number[] = [];
  const polledMs: number[] = [];
  for (let round = 0; round < crowdRounds; round += 1) {
    driverMs.push(await endTogether(bed, rig, { count: crowd }));
    if (round % livesPerPolledLife === 0) polledMs.push(await endTogether(bed, rig, { count: crowd, watcher }));
  }
  return { driverMs, polledMs };
}

/** Kills the main processes of fresh tasks; milliseconds until the last end was reported, by the driver or by the watcher. */
async function endTogether(
  bed: Bed,
  rig: DriverRig,
  options: { readonly count: number; readonly watcher?: PollingWatcher },
): Promise<number> {
  const { count, watcher } = options;
  const tasks = await startTasks(rig, count, sleeper);
  const containers = await Promise.all(tasks.map((task) => bed.podman.inspect(containerNameOf(task))));
  const watches =
    watcher === undefined
      ? tasks.map((task) => ({ ended: waitTask(rig, task) }))
      : await Promise.all(containers.map(({ id }) => watcher.watch(id)));
  // Whoever polls must not always be met at the same moment of its second.
  await sleep(100 + Math.random() * (watcher === undefined ? 200 : 1000));
  const startMs = performance.now();
  for (const { pid } of containers) process.kill(pid, "SIGKILL");
  await Promise.all(watches.map(({ ended }) => ended));
  const elapsedMs = performance.now() - startMs;
  await destroyTasks(rig, tasks);
  return elapsedMs;
}

async function waitTask(rig: DriverRig, task: RiggedTask): Promise<void> {
  const result = await rig.driver.waitTask(task.config.id, AbortSignal.timeout(60_000));
  if (result.exitCode !== 137) throw new Error(`a killed task was reported with exit code ${result.exitCode}: ${result.error ?? ""}`);
}

function toSingleFigures({ driverMs, polledMs }: Latencies): Figure[] {
  const remark = describeScatter(driverMs, "lives");
  return [
    {
      name: "exit → WaitTask, p50",
      value: median(driverMs),
      unit: "ms",
      goal: atMost(25),
      baseline: median(polledMs),
      against: "polling",
      remark,
    },
    {
      name: "exit → WaitTask, p90",
      value: percentile(driverMs, 0.9),
      unit: "ms",
      goal: atMost(40),
      baseline: percentile(polledMs, 0.9),
      against: "polling",
    },
  ];
}

function toCrowdFigure({ driverMs, polledMs }: Latencies): Figure {
  const remark = describeScatter(driverMs, "rounds");
  return {
    name: `${crowd} exits at once, last answer`,
    value: median(driverMs),
    unit: "ms",
    goal: atMost(150),
    baseline: median(polledMs),
    against: "polling",
    remark,
  };
}
