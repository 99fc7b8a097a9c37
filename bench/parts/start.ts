import { DriverRig } from "@driver/testing";
import type { Part } from "../bed.ts";
import { destroyTasks, sleeper } from "../bed-tasks.ts";
import { atMost } from "../figure.ts";
import { RecordedSpec } from "../recorded-spec.ts";
import { describeScatter, median } from "../statistics.ts";

const pairs = 40;
const warmUpPairs = 2;

export const start: Part = {
  name: "start",
  summary: "StartTask against create, start and inspect of the very same container",
  async run(bed) {
    const recorded = await RecordedSpec.record(bed, sleeper);
    await using rig = await DriverRig.start();
    const timeDriver = async (): Promise<number> => {
      const task = await rig.prepare(sleeper);
      const startMs = performance.now();
      await rig.startTask(task);
      const elapsedMs = performance.now() - startMs;
      await destroyTasks(rig, [task]);
      return elapsedMs;
    };
    const timeBare = async (): Promise<number> => {
      const task = await rig.prepare(sleeper);
      const spec = recorded.specFor(task);
      const startMs = performance.now();
      const container = await bed.podman.startContainer(spec);
      const elapsedMs = performance.now() - startMs;
      await bed.podman.remove(container.id);
      return elapsedMs;
    };
    const driverMs: number[] = [];
    const bareMs: number[] = [];
    for (let pair = 0; pair < pairs + warmUpPairs; pair += 1) {
      // Each goes first every other time: the second one may find the caches warm, or the disk busy.
      const order = pair % 2 === 0 ? [timeDriver, timeBare] : [timeBare, timeDriver];
      for (const time of order) (time === timeDriver ? driverMs : bareMs).push(await time());
    }
    const differencesMs = driverMs.map((value, index) => value - (bareMs[index] ?? 0)).slice(warmUpPairs);
    return [
      {
        name: "StartTask − bare, median",
        value: median(differencesMs),
        unit: "ms",
        goal: atMost(10),
        remark: describeScatter(differencesMs, "pairs"),
      },
      {
        name: "StartTask, median",
        value: median(driverMs.slice(warmUpPairs)),
        unit: "ms",
        baseline: median(bareMs.slice(warmUpPairs)),
        against: "bare Podman",
      },
    ];
  },
};
