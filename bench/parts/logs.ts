import { setTimeout as sleep } from "node:timers/promises";
import { DriverRig, type RiggedTask } from "@driver/testing";
import type { Bed, Part } from "../bed.ts";
import { containerNameOf, destroyTasks, startTasks } from "../bed-tasks.ts";
import { atLeast, atMost, type Figure } from "../figure.ts";
import { runTorrent, runUnread, torrentOf, type TorrentRun } from "../log-torrent.ts";
import { readAnonymousMb } from "../process-usage.ts";
import { RecordedSpec } from "../recorded-spec.ts";
import { describeScatter, median, percentile } from "../statistics.ts";

const rounds = 3;
const neighbours = 15;
const jitterIntervalMs = 200;
const restMs = 60_000;

export const logs: Part = {
  name: "logs",
  summary: "one task's torrent of 300 MB (1 GB with --full) against conmon with nobody reading, and what its neighbours feel",
  async run(bed) {
    const sizeBytes = bed.full ? 1_000_000_000 : 300_000_000;
    await using rig = await DriverRig.start();
    const speeds = await measureSpeeds(bed, rig, sizeBytes);
    const felt = await measureNeighbours(bed, rig, sizeBytes);
    const rested = bed.full ? await measureRest(rig) : [];
    return [...toSpeedFigures(speeds, sizeBytes), ...toNeighbourFigures(felt), ...rested];
  },
};

interface Speeds {
  readonly runs: readonly TorrentRun[];
  readonly unreadMs: readonly number[];
}

async function measureSpeeds(bed: Bed, rig: DriverRig, sizeBytes: number): Promise<Speeds> {
  const spec = await RecordedSpec.record(bed, torrentOf(sizeBytes));
  const runs: TorrentRun[] = [];
  const unreadMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    unreadMs.push(await runUnread(bed, spec, await rig.prepare(torrentOf(sizeBytes))));
    runs.push(await runTorrent(rig, sizeBytes));
  }
  return { runs, unreadMs };
}

interface Felt {
  readonly exitMs: readonly number[];
  /** How far each pause between two samples was off. */
  readonly jitterMs: readonly number[];
}

/** Tasks beside the torrent end one after the other, and one has its statistics followed. */
async function measureNeighbours(bed: Bed, rig: DriverRig, sizeBytes: number): Promise<Felt> {
  const tasks = await startTasks(rig, neighbours);
  const followed = await startTasks(rig, 1);
  const pids = new Map<RiggedTask, number>();
  for (const task of tasks) pids.set(task, (await bed.podman.inspect(containerNameOf(task))).pid);
  const stop = new AbortController();
  const jitters = followed.map((task) => followJitter(rig, task, stop.signal));
  let flowing = true;
  const torrent = runTorrent(rig, sizeBytes).finally(() => (flowing = false));
  const exitMs: number[] = [];
  for (const [task, pid] of pids) {
    await sleep(100);
    if (flowing) exitMs.push(await timeExit(rig, task, pid));
  }
  await torrent;
  stop.abort();
  const jitterMs = (await Promise.all(jitters)).flat();
  await destroyTasks(rig, [...tasks, ...followed]);
  return { exitMs, jitterMs };
}

async function timeExit(rig: DriverRig, task: RiggedTask, pid: number): Promise<number> {
  const ended = rig.driver.waitTask(task.config.id, AbortSignal.timeout(60_000));
  await sleep(50);
  const startMs = performance.now();
  process.kill(pid, "SIGKILL");
  await ended;
  return performance.now() - startMs;
}

/** Milliseconds by which each pause between two samples differs from the interval asked for. */
async function followJitter(rig: DriverRig, task: RiggedTask, signal: AbortSignal): Promise<number[]> {
  const jitterMs: number[] = [];
  let formerNs: bigint | undefined;
  try {
    for await (const { timestampNs } of rig.driver.taskStats(task.config.id, { intervalMs: jitterIntervalMs }, signal)) {
      if (formerNs !== undefined) jitterMs.push(Math.abs(Number(timestampNs - formerNs) / 1e6 - jitterIntervalMs));
      formerNs = timestampNs;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return jitterMs;
}

async function measureRest(rig: DriverRig): Promise<Figure[]> {
  await sleep(restMs);
  return [{ name: "RssAnon, a minute after the torrents", value: readAnonymousMb(rig.pluginPid), unit: "MB", goal: atMost(60) }];
}

function toSpeedFigures({ runs, unreadMs }: Speeds, sizeBytes: number): Figure[] {
  const megabytes = sizeBytes / 1_000_000;
  const speeds = runs.map(({ elapsedMs }) => megabytes / (elapsedMs / 1000));
  const unread = unreadMs.map((elapsedMs) => megabytes / (elapsedMs / 1000));
  const cpu = runs.map(({ driverCpuSeconds }) => driverCpuSeconds / (megabytes / 100));
  const memory = runs.map(({ anonymousMb }) => anonymousMb);
  const remark = `${runs.length} times ${megabytes} MB, every byte compared`;
  return [
    { name: "torrent / conmon unread", value: median(speeds) / median(unread), unit: "ratio", goal: atLeast(0.6), remark },
    { name: "torrent", value: median(speeds), unit: "MB/s", baseline: median(unread), against: "bare Podman" },
    { name: "driver CPU per 100 MB", value: median(cpu), unit: "s", goal: atMost(0.6) },
    { name: "RssAnon at the torrent's end", value: percentile(memory, 1), unit: "MB" },
  ];
}

function toNeighbourFigures({ exitMs, jitterMs }: Felt): Figure[] {
  return [
    {
      name: "neighbours' exit p90 meanwhile",
      value: percentile(exitMs, 0.9),
      unit: "ms",
      goal: atMost(100),
      remark: describeScatter(exitMs, "lives"),
    },
    {
      name: "neighbour's stats jitter p90 meanwhile",
      value: percentile(jitterMs, 0.9),
      unit: "ms",
      goal: atMost(100),
      remark: describeScatter(jitterMs, "samples"),
    },
  ];
}
