import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { TaskStats } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, testSetting, until, type RiggedTask } from "@driver/testing";
import { go, untilGo } from "./go-file.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("measures a busy task as the kernel counts it", async () => {
  await using rig = await DriverRig.start();
  const task = await runBusy(rig);
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const inspect = await podman.containers.inspect(`task-${task.config.allocId}`, soon()).finally(() => podman.close());
  const cgroupPath = inspect?.state.cgroupPath ?? assert.fail("Podman names no cgroup");
  const kernel = [await readUsage(cgroupPath)];
  const reading = setInterval(() => void readUsage(cgroupPath).then((usage) => kernel.push(usage)), 20).unref();
  const samples: TaskStats[] = [];
  for await (const sample of rig.driver.taskStats(task.config.id, { intervalMs: 1000 }, soon())) if (samples.push(sample) === 4) break;
  clearInterval(reading);
  kernel.push(await readUsage(cgroupPath));
  const [first, ...later] = samples;
  const last = later.at(-1);
  assert.ok(first !== undefined && last !== undefined);
  assert.equal(first.cpu.percent, 0);
  // What the kernel had counted at a sample lies between its readings before and after it, however rarely this process runs.
  const usedMs = (at: TaskStats, from: "before" | "after"): number => {
    const atMs = toMs(at);
    const usage = from === "before" ? kernel.findLast(({ untilMs }) => untilMs <= atMs) : kernel.find(({ sinceMs }) => sinceMs >= atMs);
    return usage?.usageMs ?? assert.fail(`nothing was read ${from} ${atMs}`);
  };
  const [least, most] = [usedMs(last, "before") - usedMs(first, "after"), usedMs(last, "after") - usedMs(first, "before")];
  const shares = later.map((sample, index) => ((sample.cpu.percent ?? NaN) / 100) * (toMs(sample) - toMs(samples[index] ?? first)));
  const told = shares.reduce((sum, share) => sum + share, 0);
  assert.ok(told > 0 && told > least - 60 && told < most + 60, `${told} ms against the kernel's ${least} to ${most} ms`);
  assert.ok(later.some(({ cpu }) => (cpu.userPercent ?? 0) > 0));
  const { cpu, memory } = last;
  // Of a node with two cores of 2 GHz.
  assert.ok(Math.abs((cpu.totalTicksMhz ?? NaN) - (cpu.percent ?? NaN) * 20) < 1, JSON.stringify(cpu));
  assert.ok((memory.rssBytes ?? 0) > 15_000_000 && (memory.rssBytes ?? 0) < 67_108_864);
  assert.ok((memory.usageBytes ?? 0) >= (memory.rssBytes ?? 0) * 0.8 && (memory.maxUsageBytes ?? 0) > 15_000_000);
  assert.ok(memory.cacheBytes !== undefined && memory.swapBytes !== undefined);
});

test("reports throttling under a hard limit", async () => {
  await using rig = await DriverRig.start();
  const resources = {
    linux: {
      cpuPeriodUs: 0,
      cpuQuotaUs: 0,
      cpuShares: 100,
      memoryLimitBytes: 0,
      oomScoreAdj: 0,
      cpusetCpus: "",
      cpusetCgroup: "",
      percentTicks: 0.05,
    },
  };
  const task = await rig.runScript("while :; do :; done", { config: { cpu_hard_limit: true }, resources });
  const { cpu } = await sampleWith(rig, task, ({ percent = 0, throttledPeriods = 0 }) => throttledPeriods > 0 && percent > 0);
  assert.ok((cpu.throttledTimeNs ?? 0) > 0);
  assert.ok((cpu.percent ?? Infinity) < 40, `${cpu.percent} % with a limit of 10 %`);
});

test("honours the interval asked for and ends with the task", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(untilGo);
  const follow = async (intervalMs: number, told: TaskStats[]): Promise<void> => {
    for await (const sample of rig.driver.taskStats(task.config.id, { intervalMs }, soon())) told.push(sample);
  };
  const [often, seldom]: readonly TaskStats[][] = [[], []];
  assert.ok(often !== undefined && seldom !== undefined);
  const streams = Promise.all([follow(300, often), follow(3000, seldom)]);
  // A busy machine leaves out what it has no time for, and brings nothing early.
  await until(() => seldom.length >= 2 && often.length >= 4);
  await go(task);
  await streams;
  assert.ok(often.length > seldom.length, `${often.length} samples against ${seldom.length}`);
  for (const [told, intervalMs] of [[often, 300], [seldom, 3000]] as const) {
    const tookMs = toMs(told.at(-1) ?? assert.fail()) - toMs(told[0] ?? assert.fail());
    assert.ok(tookMs > (told.length - 2) * intervalMs, `${told.length} samples in ${tookMs} ms`);
  }
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
});

test("refuses statistics of a task it does not know", async () => {
  await using rig = await DriverRig.start();
  await assert.rejects(async () => {
    for await (const _sample of rig.driver.taskStats("no/such/task", { intervalMs: 1000 }, soon())) assert.fail("a sample");
  }, /task not found/);
});

const skip = isUnified() && "cgroup v2 has no folder of one controller";
test("measures the CPU on a host that lacks the memory controller", { skip }, async () => {
  await using faulty = await FaultyRig.start({ hides: "memory-controller" });
  const task = await faulty.rig.runScript("while :; do :; done");
  const { cpu, memory } = await sampleWith(faulty.rig, task, ({ percent = 0 }) => percent > 1);
  assert.ok(cpu.throttledPeriods !== undefined, JSON.stringify(cpu));
  assert.deepEqual(memory, {});
});

test("asks Podman, once for all tasks and only while somebody listens, where no cgroup is to be seen", async () => {
  await using faulty = await FaultyRig.start({ hides: "cgroups" });
  const { rig, proxy } = faulty;
  const asked = proxy.inject({ path: /^\/containers\/stats$/, fault: { kind: "delay", delayMs: 0 } });
  const [busy, idle] = await Promise.all([runBusy(rig), rig.runScript("sleep 600")]);
  assert.equal(asked.hits, 0);
  const listening = new AbortController();
  const idleStats = Array.fromAsync(rig.driver.taskStats(idle.config.id, { intervalMs: 1000 }, listening.signal)).catch(() => undefined);
  const startedMs = Date.now();
  const sample = await sampleWith(rig, busy, ({ percent = 0 }) => percent > 1);
  const { cpu, memory } = sample;
  assert.ok((cpu.percent ?? 0) < 300 && (cpu.totalTicksMhz ?? 0) > 0, JSON.stringify(cpu));
  assert.ok((memory.usageBytes ?? 0) > 15_000_000 && (memory.usageBytes ?? 0) < 67_108_864, JSON.stringify(memory));
  assert.ok(toMs(sample) > startedMs - 5000 && toMs(sample) <= Date.now() + 1);
  // Podman may end a stream over a container of another test that goes just then, and is asked again.
  await until(() => proxy.countOpen(/stats/) === 1);
  listening.abort();
  await idleStats;
  await until(() => proxy.countOpen(/stats/) === 0);
  await rig.driver.stopTask(busy.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  assert.deepEqual(await Array.fromAsync(rig.driver.taskStats(busy.config.id, { intervalMs: 1000 }, soon())), []);
});

/** A task that has 20 MB and a core's time, as soon as it has them. */
async function runBusy(rig: DriverRig): Promise<RiggedTask> {
  const task = await rig.runScript("x=$(head -c 20000000 /dev/zero | tr '\\0' x); echo ready; while :; do :; done");
  await task.stdout.until((text) => text === "ready\n");
  return task;
}

async function sampleWith(rig: DriverRig, { config }: RiggedTask, wanted: (cpu: TaskStats["cpu"]) => boolean): Promise<TaskStats> {
  for await (const sample of rig.driver.taskStats(config.id, { intervalMs: 1000 }, soon())) if (wanted(sample.cpu)) return sample;
  return assert.fail("the task has ended");
}

function toMs({ timestampNs }: TaskStats): number {
  return Number(timestampNs / 1000n) / 1000;
}

function isUnified(): boolean {
  return existsSync("/sys/fs/cgroup/cgroup.controllers");
}

interface Usage {
  readonly sinceMs: number;
  readonly usageMs: number;
  readonly untilMs: number;
}

/** The kernel's own CPU time of a cgroup, of either version, and the times between which it was read. */
async function readUsage(cgroupPath: string): Promise<Usage> {
  const sinceMs = Date.now();
  const usageMs = await readUsageMs(cgroupPath);
  return { sinceMs, usageMs, untilMs: Date.now() };
}

async function readUsageMs(cgroupPath: string): Promise<number> {
  if (!isUnified()) return Number(await readFile(`/sys/fs/cgroup/cpuacct${cgroupPath}/cpuacct.usage`, "utf8")) / 1e6;
  const usage = /^usage_usec (\d+)$/m.exec(await readFile(`/sys/fs/cgroup${cgroupPath}/cpu.stat`, "utf8"));
  return Number(usage?.[1]) / 1000;
}
