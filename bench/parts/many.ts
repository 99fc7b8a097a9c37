import { setTimeout as sleep } from "node:timers/promises";
import { DriverRig, type RiggedTask } from "@driver/testing";
import { AgentStreams } from "../agent-streams.ts";
import { restedMs, type Bed, type Part } from "../bed.ts";
import { containerNameOf, startTasks } from "../bed-tasks.ts";
import { atMost, type Figure } from "../figure.ts";
import { PollingWatcher } from "../polling-watcher.ts";
import { readAnonymousMb, readCpuSeconds } from "../process-usage.ts";
import { StatsListeners } from "../stats-listeners.ts";

const few = 50;
const many = 200;
/** What a restart costs is over by then, and polling has gone round a few times. */
const recoveryMs = 10_000;

export const manyTasks: Part = {
  name: "many",
  summary: `${many} tasks: what one more costs in memory, and a restart of the agent among them`,
  async run(bed) {
    await using rig = await DriverRig.start();
    const { tasks, slope } = await measureSlope(rig);
    const ids = await Promise.all(tasks.map(async (task) => (await bed.podman.inspect(containerNameOf(task))).id));
    const recovered = await measureRecovery(bed, rig, tasks);
    return [slope, ...toRecoveryFigures(recovered, await measurePolling(bed, ids))];
  },
};

async function measureSlope(rig: DriverRig): Promise<{ readonly tasks: readonly RiggedTask[]; readonly slope: Figure }> {
  await using _streams = new AgentStreams(rig.driver);
  const first = await startTasks(rig, few);
  const fewMb = await measureFollowed(rig, first);
  const tasks = [...first, ...(await startTasks(rig, many - few))];
  const manyMb = await measureFollowed(rig, tasks);
  const value = ((manyMb - fewMb) * 1000) / (many - few);
  const both = `${fewMb.toFixed(1)} MB with ${few} tasks, ${manyMb.toFixed(1)} MB with ${many}`;
  const remark = `${both}, each after ${restedMs / 1000} s of 1 s statistics`;
  return { tasks, slope: { name: `RssAnon of one more task, ${few} → ${many}`, value, unit: "KB", goal: atMost(60), remark } };
}

async function measureFollowed(rig: DriverRig, tasks: readonly RiggedTask[]): Promise<number> {
  await using _listeners = await StatsListeners.start(rig, tasks, 1000);
  await sleep(restedMs);
  return readAnonymousMb(rig.pluginPid);
}

interface Recovery {
  /** Until the last task was taken over. */
  readonly answeredMs: number;
  /** CPU time of driver and service from then on too, for `recoveryMs` in all. */
  readonly cpuSeconds: number;
}

/** What a restarted agent asks for each task that it knows. */
async function measureRecovery(bed: Bed, rig: DriverRig, tasks: readonly RiggedTask[]): Promise<Recovery> {
  await rig.crash();
  await using _streams = new AgentStreams(rig.driver);
  return await timeRecovery(bed, rig.pluginPid, async () => {
    await Promise.all(tasks.map((task) => rig.recover(task)));
    await Promise.all(tasks.map((task) => rig.driver.inspectTask(task.config.id, AbortSignal.timeout(60_000))));
  });
}

/** The same by one look at each container, and polls from then on. */
async function measurePolling(bed: Bed, ids: readonly string[]): Promise<Recovery> {
  await using watcher = new PollingWatcher(bed.engine.socketPath);
  return await timeRecovery(bed, watcher.pid, async () => void (await Promise.all(ids.map((id) => watcher.watch(id)))));
}

async function timeRecovery(bed: Bed, pid: number, recover: () => Promise<void>): Promise<Recovery> {
  const cpuSeconds = (): number => readCpuSeconds(pid) + readCpuSeconds(bed.engine.pid);
  const beforeSeconds = cpuSeconds();
  const startMs = performance.now();
  await recover();
  const answeredMs = performance.now() - startMs;
  await sleep(Math.max(0, recoveryMs - answeredMs));
  return { answeredMs, cpuSeconds: cpuSeconds() - beforeSeconds };
}

function toRecoveryFigures(own: Recovery, polling: Recovery): Figure[] {
  return [
    { name: `${many} tasks recovered`, value: own.answeredMs, unit: "ms", baseline: polling.answeredMs, against: "polling" },
    {
      name: `CPU, ${many} tasks recovered, ${recoveryMs / 1000} s`,
      value: own.cpuSeconds,
      unit: "s",
      goal: atMost(polling.cpuSeconds / 4),
      baseline: polling.cpuSeconds,
      against: "polling",
    },
  ];
}
