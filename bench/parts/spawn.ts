import { launchDriver } from "@driver/nomad-plugin";
import type { Bed, Part } from "../bed.ts";
import { atMost } from "../figure.ts";
import { describeScatter, median } from "../statistics.ts";

const launches = 25;
const warmUps = 2;

export const spawn: Part = {
  name: "spawn",
  summary: "from the plugin's spawn to its PluginInfo",
  async run(bed) {
    const launchMs: number[] = [];
    for (let launch = 0; launch < launches + warmUps; launch += 1) launchMs.push(await timeLaunch(bed));
    const measuredMs = launchMs.slice(warmUps);
    return [
      {
        name: "spawn → PluginInfo, median",
        value: median(measuredMs),
        unit: "ms",
        goal: atMost(95),
        remark: describeScatter(measuredMs, "launches"),
      },
    ];
  },
};

async function timeLaunch(bed: Bed): Promise<number> {
  const startMs = performance.now();
  await using launched = await launchDriver({
    command: bed.plugin,
    env: process.env,
    onLog: () => undefined,
    signal: AbortSignal.timeout(30_000),
  });
  await launched.driver.pluginInfo(AbortSignal.timeout(10_000));
  return performance.now() - startMs;
}
