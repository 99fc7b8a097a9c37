import { setTimeout as sleep } from "node:timers/promises";
import { DriverRig, type RiggedTask } from "@driver/testing";
import { AgentStreams } from "../agent-streams.ts";
import { settledMs, type Bed, type Part } from "../bed.ts";
import { containerNameOf, startTasks } from "../bed-tasks.ts";
import { atLeast, atMost, type Figure } from "../figure.ts";
import { PollingWatcher } from "../polling-watcher.ts";
import { readCpuSeconds } from "../process-usage.ts";
import { StatsListeners } from "../stats-listeners.ts";

const windowMs = 20_000;

export const cpu: Part = {
  name: "cpu",
  summary: "CPU time of driver and Podman service for 20 s of 1 s statistics, with 10 and 50 tasks (200 with --full)",
  async run(bed) {
    await using rig = await DriverRig.start();
    await using _streams = new AgentStreams(rig.driver);
    const tasks: RiggedTask[] = [];
    const windows = new Map<number, Window>();
    let polledSeconds = 0;
    for (const count of bed.full ? [10, 50, 200] : [10, 50]) {
      tasks.push(...(await startTasks(rig, count - tasks.length)));
      windows.set(count, await measureDriver(bed, rig, tasks));
      if (count === 50) polledSeconds = await measurePolling(bed, tasks);
    }
    return toFigures(windows, polledSeconds);
  },
};

interface Window {
  readonly driverSeconds: number;
  readonly serviceSeconds: number;
  readonly samples: number;
}

async function measureDriver(bed: Bed, rig: DriverRig, tasks: readonly RiggedTask[]): Promise<Window> {
  await using listeners = await StatsListeners.start(rig, tasks, 1000);
  // Counting begins between two samples, which are due on whole seconds from the first on.
  await sleep(settledMs + 500);
  const before = { driver: readCpuSeconds(rig.pluginPid), service: readCpuSeconds(bed.engine.pid), samples: listeners.samples };
  await sleep(windowMs);
  return {
    driverSeconds: readCpuSeconds(rig.pluginPid) - before.driver,
    serviceSeconds: readCpuSeconds(bed.engine.pid) - before.service,
    samples: listeners.samples - before.samples,
  };
}

/** The same containers, watched by polling; what the driver costs meanwhile is not counted. */
async function measurePolling(bed: Bed, tasks: readonly RiggedTask[]): Promise<number> {
  await using watcher = new PollingWatcher(bed.engine.socketPath);
  for (const task of tasks) await watcher.watch((await bed.podman.inspect(containerNameOf(task))).id);
  await sleep(1500);
  const beforeSeconds = readCpuSeconds(watcher.pid) + readCpuSeconds(bed.engine.pid);
  await sleep(windowMs);
  return readCpuSeconds(watcher.pid) + readCpuSeconds(bed.engine.pid) - beforeSeconds;
}

function toFigures(windows: ReadonlyMap<number, Window>, polledSeconds: number): Figure[] {
  const figures: Figure[] = [];
  for (const [count, window] of windows) {
    const remark = `driver ${window.driverSeconds.toFixed(2)} s, service ${window.serviceSeconds.toFixed(2)} s`;
    const wanted = count === 50 ? { goal: atMost(0.5), baseline: polledSeconds, against: "polling" as const } : {};
    figures.push({ name: `CPU, ${count} tasks, 20 s`, value: totalOf(window), unit: "s", ...wanted, remark });
    if (count === 50) {
      figures.push({
        name: `samples delivered, ${count} tasks`,
        value: window.samples,
        unit: "samples",
        goal: atLeast(count * (windowMs / 1000)),
      });
    }
  }
  const [few, some, many] = [10, 50, 200].map((count) => windows.get(count));
  if (few !== undefined && some !== undefined && many !== undefined) {
    const value = (totalOf(many) - totalOf(some)) / 150 / ((totalOf(some) - totalOf(few)) / 40);
    figures.push({ name: "cost of a task, 50→200 to 10→50", value, unit: "ratio", goal: atMost(1.15) });
  }
  return figures;
}

function totalOf(window: Window): number {
  return window.driverSeconds + window.serviceSeconds;
}
