import { DriverRig, type RiggedTask } from "@driver/testing";
import type { Bed, Part } from "../bed.ts";
import { destroyTasks, sleeper } from "../bed-tasks.ts";
import { atMost } from "../figure.ts";
import { RecordedSpec } from "../recorded-spec.ts";
import { describeScatter, median } from "../statistics.ts";

const crowd = 20;
/** Podman itself takes a third more or less from one round to the next: neighbours are compared, and many of them. */
const rounds = 16;

export const parallel: Part = {
  name: "parallel",
  summary: "20 StartTasks at once against bare Podman doing the same",
  async run(bed) {
    const recorded = await RecordedSpec.record(bed, sleeper);
    await using rig = await DriverRig.start();
    const driverMs: number[] = [];
    const bareMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      if (round % 2 === 0) driverMs.push(await timeDriver(rig));
      bareMs.push(await timeBare(bed, rig, recorded));
      if (round % 2 === 1) driverMs.push(await timeDriver(rig));
    }
    return [
      {
        name: `${crowd} starts at once / bare`,
        value: median(driverMs.map((ms, round) => ms / (bareMs[round] ?? Number.NaN))),
        unit: "ratio",
        goal: atMost(1.1),
      },
      {
        name: `${crowd} starts at once`,
        value: median(driverMs),
        unit: "ms",
        baseline: median(bareMs),
        against: "bare Podman",
        remark: describeScatter(driverMs, "rounds"),
      },
    ];
  },
};

function prepareTasks(rig: DriverRig): Promise<RiggedTask[]> {
  return Promise.all(Array.from({ length: crowd }, () => rig.prepare(sleeper)));
}

async function timeDriver(rig: DriverRig): Promise<number> {
  const tasks = await prepareTasks(rig);
  const startMs = performance.now();
  await Promise.all(tasks.map((task) => rig.startTask(task)));
  const elapsedMs = performance.now() - startMs;
  await destroyTasks(rig, tasks);
  return elapsedMs;
}

async function timeBare(bed: Bed, rig: DriverRig, recorded: RecordedSpec): Promise<number> {
  const specs = (await prepareTasks(rig)).map((task) => recorded.specFor(task));
  const startMs = performance.now();
  const containers = await Promise.all(specs.map((spec) => bed.podman.startContainer(spec)));
  const elapsedMs = performance.now() - startMs;
  await Promise.all(containers.map(({ id }) => bed.podman.remove(id)));
  return elapsedMs;
}
