import type { Part } from "../bed.ts";
import { sleeper } from "../bed-tasks.ts";
import { atMost } from "../figure.ts";
import { timeStartPairs } from "../start-pairs.ts";
import { describeScatter, median } from "../statistics.ts";

const pairs = 40;
const warmUpPairs = 2;

export const start: Part = {
  name: "start",
  summary: "StartTask against create, start and inspect of the very same container",
  async run(bed) {
    const { driverMs, bareMs } = await timeStartPairs(bed, sleeper, pairs + warmUpPairs);
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
