import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeMsgpack, type HclRecord } from "@driver/nomad-plugin";
import { DriverRig, encodeTar, startEngine, TestRegistry, until, type Engine } from "@driver/testing";
import { ApiRecorder } from "../api-recorder.ts";
import { settledMs, type Bed, type Part } from "../bed.ts";
import { destroyTasks, sleeper } from "../bed-tasks.ts";
import { atMost, type Figure } from "../figure.ts";
import { PlainPodman } from "../plain-podman.ts";
import { readCpuSeconds } from "../process-usage.ts";

const imageCount = 200;
const warmUpCount = 20;
const longMs = 300_000;
/** Containers and images go a moment after their tasks. */
const settleMs = 60_000;

export const imageCleanUp: Part = {
  name: "clean-up",
  summary: "the clean-up of 200 images: calls and CPU time; and what 100 task lives (1,000 with --full) leave in the store",
  async run(bed) {
    const folder = `/run/clean-${randomBytes(4).toString("hex")}`;
    await using engine = await startEngine({ folder }, AbortSignal.timeout(60_000));
    using podman = new PlainPodman(engine.socketPath);
    return [...(await measureCleanUp(bed, engine, podman)), await measureLeftovers(bed, folder, engine)];
  },
};

const cleaning = { image: true, image_delay: "0s" };
/** Due a moment after the new config has settled. */
const cleaningLater = { image: true, image_delay: "15s" };

/** In a plugin that has cleaned up before, as one that runs for weeks has. */
async function measureCleanUp(bed: Bed, engine: Engine, podman: PlainPodman): Promise<readonly Figure[]> {
  await using recorder = await ApiRecorder.start(bed, "cleaner", engine.socketPath);
  await using rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${recorder.socketPath}` } });
  const configure = (gc: HclRecord): Promise<void> =>
    rig.driver.setConfig(
      {
        msgpack: encodeMsgpack({ socket_path: `unix://${recorder.socketPath}`, gc }),
        client: { minPort: 14_000, maxPort: 14_512 },
        apiVersion: "v0.1.0",
      },
      AbortSignal.timeout(10_000),
    );
  const cleanUp = async (count: number): Promise<{ readonly cpuMs: number; readonly calls: readonly string[] }> => {
    await configure({ image: false });
    for (let made = 0; made < count; made += 1) {
      const name = `localhost/old:${made}`;
      await podman.importImage(name, encodeTar([{ path: "mark", mode: 0o644, content: Buffer.from(`${count} ${made}`) }]));
      await podman.tagImage(name, "localhost/nomad-driver-podman/pulled", `${made}`);
    }
    await configure(cleaningLater);
    await sleep(settledMs);
    const [beforeSeconds, before] = [readCpuSeconds(rig.pluginPid), recorder.calls.length];
    await until(async () => {
      await sleep(500);
      // The list fails while an image is removed (podman 4.3).
      return (await podman.imageNames().catch(() => undefined))?.length === 0;
    }, longMs);
    return { cpuMs: (readCpuSeconds(rig.pluginPid) - beforeSeconds) * 1000, calls: recorder.calls.slice(before) };
  };
  await cleanUp(warmUpCount);
  const { cpuMs, calls } = await cleanUp(imageCount);
  const lists = calls.filter((call) => call === "GET /images/json").length;
  return [
    { name: `clean-up of ${imageCount} images, driver CPU`, value: cpuMs, unit: "ms", goal: atMost(50) },
    { name: "lists made for it", value: lists, unit: "calls", goal: atMost(4), remark: `${calls.length} calls in all` },
  ];
}

/** Tasks that come and go with ten images in turn, each of which goes too when nobody uses it, and is pulled again. */
async function measureLeftovers(bed: Bed, folder: string, engine: Engine): Promise<Figure> {
  await using registry = await TestRegistry.start();
  const images: string[] = [];
  for (let number = 0; number < 10; number += 1) {
    await registry.publish(`turn:${number}`, { mark: `${number}` });
    images.push(`${registry.host}/turn:${number}`);
  }
  const before = await countStored(folder, engine);
  const lives = bed.full ? 1000 : 100;
  await using rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${engine.socketPath}`, gc: cleaning } });
  for (let life = 0; life < lives; life += 4) {
    const batch = [0, 1, 2, 3].map((place) => images[(life + place) % images.length] ?? "");
    await Promise.all(batch.map(async (image) => {
      const task = await rig.prepare({ config: { ...sleeper.config, image, auth: { tls_verify: false } } });
      await rig.startTask(task);
      await destroyTasks(rig, [task]);
    }));
  }
  const isAsBefore = async (): Promise<boolean> => JSON.stringify(await countStored(folder, engine)) === JSON.stringify(before);
  await until(isAsBefore, settleMs).catch(() => undefined);
  const left = Object.entries(await countStored(folder, engine)).map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const);
  const remark = left.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return {
    name: `left in the store by ${lives} task lives`,
    value: left.reduce((sum, [, count]) => sum + Math.abs(count), 0),
    unit: "things",
    goal: atMost(0),
    remark,
  };
}

/** What the engine's store holds, by kind. */
async function countStored(folder: string, engine: Engine): Promise<Readonly<Record<string, number>>> {
  const linesOf = async (...args: readonly string[]): Promise<number> => {
    const { stdout, stderr, code } = await engine.run([...args, "--quiet"]);
    if (code !== 0) throw new Error(stderr);
    return stdout.split("\n").filter((line) => line !== "").length;
  };
  const storage = join(folder, "storage");
  const layers = (await readdir(storage)).filter((name) => name.endsWith("-layers"));
  const lists = await Promise.all(
    layers.map(async (name): Promise<unknown> => JSON.parse(await readFile(join(storage, name, "layers.json"), "utf8"))),
  );
  return {
    images: await linesOf("images", "--all"),
    containers: await linesOf("ps", "--all"),
    volumes: await linesOf("volume", "ls"),
    layers: lists.flat().length,
  };
}
