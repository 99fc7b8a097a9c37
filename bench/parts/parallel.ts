import { join } from "node:path";
import { DriverRig, type RiggedTask } from "@driver/testing";
import { BareForwarder } from "../bare-forwarder.ts";
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
    await using forwarder = await BareForwarder.start(join(bed.scratch, "forwarder.sock"), bed.engine.socketPath);
    const bare = (spec: string): Promise<string> => bed.podman.startContainer(spec).then(({ id }) => id);
    const ways = {
      driver: () => timeDriver(rig),
      bare: () => timeBare(bed, rig, { recorded, start: bare }),
      forwarded: () => timeBare(bed, rig, { recorded, start: (spec) => forwarder.startContainer(spec) }),
    };
    const names = ["driver", "bare", "forwarded"] as const;
    const takenMs: Record<keyof typeof ways, number[]> = { driver: [], bare: [], forwarded: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 === 0 ? names : names.toReversed()) takenMs[name].push(await ways[name]());
    }
    const toBare = (ms: readonly number[]): number => median(ms.map((one, round) => one / (takenMs.bare[round] ?? Number.NaN)));
    return [
      { name: `${crowd} starts at once / bare`, value: toBare(takenMs.driver), unit: "ratio", goal: atMost(1.1) },
      {
        name: `${crowd} starts at once through a process that only passes them on / bare`,
        value: toBare(takenMs.forwarded),
        unit: "ratio",
        remark: "the least that a driver can come to",
      },
      {
        name: `${crowd} starts at once`,
        value: median(takenMs.driver),
        unit: "ms",
        baseline: median(takenMs.bare),
        against: "bare Podman",
        remark: describeScatter(takenMs.driver, "rounds"),
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

interface PlainStart {
  readonly recorded: RecordedSpec;
  /** Takes the JSON text of the create call, gives the container's id. */
  start(spec: string): Promise<string>;
}

async function timeBare(bed: Bed, rig: DriverRig, { recorded, start }: PlainStart): Promise<number> {
  const specs = (await prepareTasks(rig)).map((task) => recorded.specFor(task));
  const startMs = performance.now();
  const containers = await Promise.all(specs.map((spec) => start(spec)));
  const elapsedMs = performance.now() - startMs;
  await Promise.all(containers.map((id) => bed.podman.remove(id)));
  return elapsedMs;
}
