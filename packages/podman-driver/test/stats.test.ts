import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { TaskStats } from "@driver/nomad-plugin";
import { DriverRig, testSetting } from "@driver/testing";

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
  assert.ok(cpu.userPercent > 0 && cpu.totalTicksMhz > 0 && cpu.totalTicksMhz <= 2100);
  assert.ok((memory.rssBytes ?? 0) > 15_000_000 && (memory.rssBytes ?? 0) < 67_108_864);
  assert.ok((memory.usageBytes ?? 0) >= (memory.rssBytes ?? 0) * 0.8 && (memory.maxUsageBytes ?? 0) > 15_000_000);
  assert.ok(memory.cacheBytes !== undefined && memory.swapBytes !== undefined);
});

test("reports throttling under a hard limit", async () => {
  await using rig = await DriverRig.start();
  const resources = { linux: { cpuPeriodUs: 0, cpuQuotaUs: 0, cpuShares: 100, memoryLimitBytes: 0, oomScoreAdj: 0, cpusetCpus: "", cpusetCgroup: "", percentTicks: 0.05 } };
  const task = await rig.runScript("while :; do :; done", { config: { cpu_hard_limit: true }, resources });
  let samples = 0;
  for await (const { cpu } of rig.driver.taskStats(task.config.id, { intervalMs: 1000 }, soon())) {
    samples += 1;
    if (samples < 3) continue;
    assert.ok(cpu.throttledPeriods > 0 && cpu.throttledTimeNs > 0);
    assert.ok(cpu.percent < 40, `${cpu.percent} % with a limit of 10 %`);
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

/** The kernel's own CPU time of a cgroup, of either version. */
async function readUsageNs(cgroupPath: string): Promise<number> {
  if (!existsSync("/sys/fs/cgroup/cgroup.controllers")) return Number(await readFile(`/sys/fs/cgroup/cpuacct${cgroupPath}/cpuacct.usage`, "utf8"));
  const usage = /^usage_usec (\d+)$/m.exec(await readFile(`/sys/fs/cgroup${cgroupPath}/cpu.stat`, "utf8"));
  return Number(usage?.[1]) * 1000;
}
