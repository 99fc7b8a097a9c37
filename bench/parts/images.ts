import { randomBytes } from "node:crypto";
import { DriverRig, RecordedEvents, TestRegistry, testSetting, until, type RiggedTask } from "@driver/testing";
import type { TaskEvent } from "@driver/nomad-plugin";
import { ApiRecorder } from "../api-recorder.ts";
import type { Bed, Part } from "../bed.ts";
import { destroyTasks, sleeper } from "../bed-tasks.ts";
import { atMost, type Figure } from "../figure.ts";
import { RecordedSpec } from "../recorded-spec.ts";
import { describeScatter, median } from "../statistics.ts";

const pullRounds = 12;
const crowd = 20;
const crowdRounds = 8;
const layers = [8_000_000, 8_000_000, 8_000_000];

export const images: Part = {
  name: "images",
  summary: "pulls against podman pull, 20 images at once against bare Podman, and the calls of a start whose image is there",
  async run(bed) {
    await using registry = await TestRegistry.start();
    return [...(await comparePulls(bed, registry)), ...(await compareCrowds(bed, registry)), await countCalls(bed)];
  },
};

const wishesOf = (image: string): typeof sleeper => ({ config: { ...sleeper.config, image, auth: { tls_verify: false } } });

/** An image that is not there, at a registry. */
async function publish(registry: TestRegistry, layerBytes: readonly number[]): Promise<string> {
  const name = `bench-${randomBytes(4).toString("hex")}:1`;
  await registry.publish(name, { mark: name, layerBytes });
  return `${registry.host}/${name}`;
}

/** One image again and again: by the driver, by the command and by the API, each first in turn. */
async function comparePulls(bed: Bed, registry: TestRegistry): Promise<readonly Figure[]> {
  const reference = await publish(registry, layers);
  await using pulls = await DriverPulls.start();
  const ways = {
    driver: () => pulls.time(reference),
    command: () => timed(async () => {
      const result = await bed.engine.run(["pull", "--quiet", "--tls-verify=false", reference]);
      if (result.code !== 0) throw new Error(result.stderr);
    }),
    api: () => timed(() => bed.podman.pull(reference)),
  };
  const names = ["driver", "command", "api"] as const;
  const tookMs = { driver: [] as number[], command: [] as number[], api: [] as number[] };
  for (let round = 0; round < pullRounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length] ?? "api";
      tookMs[name].push(await ways[name]());
      await bed.podman.removeImage(reference);
    }
  }
  const ratiosTo = (name: "command" | "api"): number => median(tookMs.driver.map((ms, round) => ms / (tookMs[name][round] ?? Number.NaN)));
  return [
    {
      name: "pull / podman pull",
      value: ratiosTo("command"),
      unit: "ratio",
      goal: atMost(1.05),
      remark: "24 MB in 3 layers, from the same registry",
    },
    { name: "pull / images/pull", value: ratiosTo("api"), unit: "ratio" },
    {
      name: "pull",
      value: median(tookMs.driver),
      unit: "ms",
      baseline: median(tookMs.api),
      against: "bare Podman",
      remark: describeScatter(tookMs.driver, "rounds"),
    },
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Starts tasks and takes the time of their pulls from what the driver tells of them. */
class DriverPulls implements AsyncDisposable {
  readonly #rig: DriverRig;
  readonly #events: RecordedEvents;

  private constructor(rig: DriverRig) {
    this.#rig = rig;
    this.#events = new RecordedEvents(rig.driver);
  }

  static async start(): Promise<DriverPulls> {
    return new DriverPulls(await DriverRig.start());
  }

  async time(reference: string): Promise<number> {
    const task = await this.#rig.prepare(wishesOf(reference));
    const told = (word: string): TaskEvent | undefined =>
      this.#events.all.find(({ taskId, message }) => taskId === task.config.id && message.startsWith(word));
    await this.#rig.startTask(task);
    await until(() => told("Pulled image ") !== undefined);
    await destroyTasks(this.#rig, [task]);
    const [begun, ended] = [told("Pulling image "), told("Pulled image ")];
    return (ended?.timestamp.getTime() ?? Number.NaN) - (begun?.timestamp.getTime() ?? Number.NaN);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events[Symbol.asyncDispose]();
    await this.#rig[Symbol.asyncDispose]();
  }
}

/** As many images as tasks, none of them there. */
async function compareCrowds(bed: Bed, registry: TestRegistry): Promise<readonly Figure[]> {
  const recorded = await RecordedSpec.record(bed, sleeper);
  const references: string[] = [];
  while (references.length < crowd) references.push(await publish(registry, []));
  await using rig = await DriverRig.start();
  const ways = [
    async (): Promise<number> => {
      const tasks = await Promise.all(references.map((reference) => rig.prepare(wishesOf(reference))));
      const elapsedMs = await timed(async () => void (await Promise.all(tasks.map((task) => rig.startTask(task)))));
      await destroyTasks(rig, tasks);
      return elapsedMs;
    },
    async (): Promise<number> => {
      const tasks = await Promise.all(references.map((reference) => rig.prepare(wishesOf(reference))));
      const specs = tasks.map((task, index) => recorded.specFor(task).replaceAll(testSetting("TEST_IMAGE"), references[index] ?? ""));
      const containers: string[] = [];
      const startOne = async (spec: string, reference: string): Promise<void> => {
        await bed.podman.pull(reference);
        containers.push((await bed.podman.startContainer(spec)).id);
      };
      const elapsedMs = await timed(
        async () => void (await Promise.all(specs.map((spec, index) => startOne(spec, references[index] ?? "")))),
      );
      await Promise.all(containers.map((id) => bed.podman.remove(id)));
      await closeLogs(tasks);
      return elapsedMs;
    },
  ] as const;
  const tookMs = [[], []] as readonly [number[], number[]];
  for (let round = 0; round < crowdRounds; round += 1) {
    for (const way of round % 2 === 0 ? [0, 1] as const : [1, 0] as const) {
      tookMs[way].push(await ways[way]());
      for (const reference of references) await bed.podman.removeImage(reference);
    }
  }
  const [driverMs, bareMs] = tookMs;
  return [
    {
      name: `${crowd} images at once / bare`,
      value: median(driverMs.map((ms, round) => ms / (bareMs[round] ?? Number.NaN))),
      unit: "ratio",
      goal: atMost(1.1),
    },
    {
      name: `${crowd} images at once`,
      value: median(driverMs),
      unit: "ms",
      baseline: median(bareMs),
      against: "bare Podman",
      remark: describeScatter(driverMs, "rounds"),
    },
  ];
}

async function closeLogs(tasks: readonly RiggedTask[]): Promise<void> {
  await Promise.all(tasks.flatMap((task) => [task.stdout.close(), task.stderr.close()]));
}

/** What a start asks of Podman when its image is there: create, start, inspect. */
async function countCalls(bed: Bed): Promise<Figure> {
  await using recorder = await ApiRecorder.start(bed, "counter");
  await using rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${recorder.socketPath}` } });
  // The first one also asks what the service can do.
  const [first, second] = [await rig.prepare(sleeper), await rig.prepare(sleeper)];
  await rig.startTask(first);
  const before = recorder.calls.length;
  await rig.startTask(second);
  const calls = recorder.calls.slice(before);
  await destroyTasks(rig, [first, second]);
  return {
    name: "calls of a start, image there",
    value: calls.length,
    unit: "calls",
    goal: atMost(3),
    remark: calls.map((call) => call.replace(/[0-9a-f]{64}/, "…")).join(", "),
  };
}
