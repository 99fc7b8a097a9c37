import { DriverRig } from "@driver/testing";
import type { Part } from "../bed.ts";
import { containerNameOf, startTasks } from "../bed-tasks.ts";
import { atMost } from "../figure.ts";
import { describeScatter, median } from "../statistics.ts";

const pairs = 40;
const warmUpPairs = 2;
const command = ["true"];

export const exec: Part = {
  name: "exec",
  summary: "ExecTask against create, start and inspect of an exec",
  async run(bed) {
    await using rig = await DriverRig.start();
    const [task] = await startTasks(rig, 1);
    if (task === undefined) throw new Error("no task was started");
    const container = await bed.podman.inspect(containerNameOf(task));
    const timeDriver = async (): Promise<number> => {
      const startMs = performance.now();
      await rig.driver.execTask(task.config.id, { command, timeoutMs: 10_000 }, AbortSignal.timeout(30_000));
      return performance.now() - startMs;
    };
    const timeBare = async (): Promise<number> => {
      const startMs = performance.now();
      await bed.podman.exec(container.id, command);
      return performance.now() - startMs;
    };
    const driverMs: number[] = [];
    const bareMs: number[] = [];
    for (let pair = 0; pair < pairs + warmUpPairs; pair += 1) {
      const order = pair % 2 === 0 ? [timeDriver, timeBare] : [timeBare, timeDriver];
      for (const time of order) (time === timeDriver ? driverMs : bareMs).push(await time());
    }
    const ratios = driverMs.map((value, index) => value / (bareMs[index] ?? value)).slice(warmUpPairs);
    const measuredMs = driverMs.slice(warmUpPairs);
    return [
      { name: "ExecTask / bare, median", value: median(ratios), unit: "ratio", goal: atMost(1.1) },
      {
        name: "ExecTask, median",
        value: median(measuredMs),
        unit: "ms",
        baseline: median(bareMs.slice(warmUpPairs)),
        against: "bare Podman",
        remark: describeScatter(measuredMs, "pairs"),
      },
    ];
  },
};
