import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { TaskStats } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, testSetting, until } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("measures a busy task as the kernel counts it", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do :; done");
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const inspect = await podman.containers.inspect(`task-${task.config.allocId}`, soon());
  podman.close();
  const cgroupPath = inspect?.state.cgroupPath ?? assert.fail("Podman names no cgroup");
  const samples: TaskStats[] = [];
  const kernel: { readonly usageNs: number; readonly atMs: number }[] = [];
  for await (const sample of rig.driver.taskStats(task.config.id, { intervalMs: 1000 }, soon())) {
    samples.push(sample);
    kernel.push({ usageNs: await readUsageNs(cgroupPath), atMs: performance.now() });
    if (samples.length === 4) break;
  }
  const [, before, , last] = kernel;
  assert.ok(before !== undefined && last !== undefined);
  const kernelPercent = (last.usageNs - before.usageNs) / 10_000 / (last.atMs - before.atMs);
  const percent = ((samples[2]?.cpu.percent ?? 0) + (samples[3]?.cpu.percent ?? 0)) / 2;
  assert.equal(samples[0]?.cpu.percent, 0);
  assert.ok(Math.abs(percent - kernelPercent) < 15, `${percent} % against the kernel's ${kernelPercent} %`);
  const { cpu, memory, timestampNs } = samples[3] ?? assert.fail("four samples were wanted");
  assert.ok(Math.abs(Number(timestampNs / 1_000_000n) - Date.now()) < 5000);
  assert.ok((cpu.userPercent ?? 0) > 0 && (cpu.totalTicksMhz ?? 0) > 0 && (cpu.totalTicksMhz ?? 0) <= 2100);
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
  let samples = 0;
  for await (const { cpu } of rig.driver.taskStats(task.config.id, { intervalMs: 1000 }, soon())) {
    samples += 1;
    if (samples < 3) continue;
    assert.ok((cpu.throttledPeriods ?? 0) > 0 && (cpu.throttledTimeNs ?? 0) > 0);
    assert.ok((cpu.percent ?? Infinity) < 40, `${cpu.percent} % with a limit of 10 %`);
    break;
  }
});

test("honours the interval asked for and ends with the task", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("sleep 2");
  const atMs: number[] = [];
  for await (const _sample of rig.driver.taskStats(task.config.id, { intervalMs: 300 }, soon())) atMs.push(performance.now());
  assert.ok(atMs.length >= 4 && atMs.length <= 9, `${atMs.length} samples in two seconds`);
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
  const { cpu, memory } = await nthSample(faulty.rig, task.config.id, 3);
  assert.ok((cpu.percent ?? 0) > 1 && cpu.throttledPeriods !== undefined, JSON.stringify(cpu));
  assert.deepEqual(memory, {});
});

test("asks Podman, once for all tasks and only while somebody listens, where no cgroup is to be seen", async () => {
  await using faulty = await FaultyRig.start({ hides: "cgroups" });
  const { rig, proxy } = faulty;
  const asked = proxy.inject({ path: /^\/containers\/stats$/, fault: { kind: "delay", delayMs: 0 } });
  const [busy, idle] = await Promise.all([
    rig.runScript("x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do :; done"),
    rig.runScript("sleep 60"),
  ]);
  assert.equal(asked.hits, 0);
  const listening = new AbortController();
  const idleStats = Array.fromAsync(rig.driver.taskStats(idle.config.id, { intervalMs: 1000 }, listening.signal)).catch(() => undefined);
  const { cpu, memory, timestampNs } = await nthSample(rig, busy.config.id, 4);
  assert.ok((cpu.percent ?? 0) > 1 && (cpu.percent ?? 0) < 300 && (cpu.totalTicksMhz ?? 0) > 0, JSON.stringify(cpu));
  assert.ok((memory.usageBytes ?? 0) > 15_000_000 && (memory.usageBytes ?? 0) < 67_108_864, JSON.stringify(memory));
  assert.ok(Math.abs(Number(timestampNs / 1_000_000n) - Date.now()) < 5000);
  assert.deepEqual([asked.hits, proxy.countOpen(/stats/)], [1, 1]);
  listening.abort();
  await idleStats;
  await until(() => proxy.countOpen(/stats/) === 0);
  await rig.driver.stopTask(busy.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  assert.deepEqual(await Array.fromAsync(rig.driver.taskStats(busy.config.id, { intervalMs: 1000 }, soon())), []);
});

async function nthSample(rig: DriverRig, taskId: string, count: number): Promise<TaskStats> {
  let samples = 0;
  for await (const sample of rig.driver.taskStats(taskId, { intervalMs: 1000 }, soon())) if ((samples += 1) === count) return sample;
  return assert.fail(`only ${samples} samples`);
}

function isUnified(): boolean {
  return existsSync("/sys/fs/cgroup/cgroup.controllers");
}

/** The kernel's own CPU time of a cgroup, of either version. */
async function readUsageNs(cgroupPath: string): Promise<number> {
  if (!isUnified()) return Number(await readFile(`/sys/fs/cgroup/cpuacct${cgroupPath}/cpuacct.usage`, "utf8"));
  const usage = /^usage_usec (\d+)$/m.exec(await readFile(`/sys/fs/cgroup${cgroupPath}/cpu.stat`, "utf8"));
  return Number(usage?.[1]) * 1000;
}
