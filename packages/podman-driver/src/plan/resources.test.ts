import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskResources } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import fc from "fast-check";
import { memoryLimitBytes, planLimits, type LimitingEngine } from "./resources.ts";

const mib = 1_048_576;
const { resources } = plainTask();
const noHardLimit = { hardLimit: false, periodUs: 0, hostCpuCount: 4 };
const rootful: LimitingEngine = { rootless: false, cgroupControllers: ["cpuset", "cpu", "io", "memory", "pids"] };
const rootlessWith = (...cgroupControllers: readonly string[]): LimitingEngine => ({ rootless: true, cgroupControllers });
const withLinux = (linux: Partial<TaskResources["linux"]>): TaskResources => ({ ...resources, linux: { ...resources.linux, ...linux } });

const memories = [
  { memoryMb: 64, memoryMaxMb: 0, memory: { limit: 64 * mib } },
  { memoryMb: 64, memoryMaxMb: 128, memory: { limit: 128 * mib, reservation: 64 * mib } },
  { memoryMb: 0, memoryMaxMb: 128, memory: { limit: 128 * mib } },
  { memoryMb: 64, memoryMaxMb: -1, memory: { reservation: 64 * mib } },
  { memoryMb: 0, memoryMaxMb: -1, memory: undefined },
  { memoryMb: 0, memoryMaxMb: 0, memory: undefined },
];
for (const { memory, ...wanted } of memories) {
  test(`limits memory for ${JSON.stringify(wanted)}`, () => {
    assert.deepEqual(planLimits({ ...resources, ...wanted }, noHardLimit, rootful).memory, memory);
    assert.equal(memoryLimitBytes({ ...resources, ...wanted }), memory?.limit);
  });
}

test("weighs CPU by shares, where Podman may set them", () => {
  assert.deepEqual(planLimits(resources, noHardLimit, rootful).cpu, { shares: 100 });
  assert.deepEqual(planLimits(resources, noHardLimit, rootlessWith()).cpu, {});
  assert.deepEqual(planLimits(resources, noHardLimit, rootlessWith("memory", "pids")).cpu, {});
  assert.deepEqual(planLimits(resources, noHardLimit, rootlessWith("cpu", "memory", "pids")).cpu, { shares: 100 });
  assert.deepEqual(planLimits({ ...resources, cpuShares: 0 }, noHardLimit, rootful).cpu, {});
});

test("keeps shares within what the kernel takes", () => {
  const sharesFor = (cpuShares: number): number | undefined => planLimits({ ...resources, cpuShares }, noHardLimit, rootful).cpu?.shares;
  assert.deepEqual([1, 2, 262_144, 262_145, 1e9].map(sharesFor), [2, 2, 262_144, 262_144, 262_144]);
});

test("confines a task to its reserved cores", () => {
  assert.deepEqual(planLimits(withLinux({ cpusetCpus: "0,2-3" }), noHardLimit, rootful).cpu, { shares: 100, cpus: "0,2-3" });
});

const quotas = [
  { percentTicks: 0.25, periodUs: 0, quota: 100_000, period: 100_000 },
  { percentTicks: 0.25, periodUs: 50_000, quota: 50_000, period: 50_000 },
  { percentTicks: 1, periodUs: 1_000_000, quota: 4_000_000, period: 1_000_000 },
  { percentTicks: 0.000001, periodUs: 0, quota: 1000, period: 100_000 },
  { percentTicks: 0.5, periodUs: 1, quota: 2000, period: 1000 },
];
for (const { percentTicks, periodUs, quota, period } of quotas) {
  test(`limits CPU hard to ${percentTicks} of 4 cores with a period of ${periodUs}`, () => {
    const { cpu } = planLimits(withLinux({ percentTicks }), { hardLimit: true, periodUs, hostCpuCount: 4 }, rootful);
    assert.deepEqual([cpu?.quota, cpu?.period], [quota, period]);
  });
}

test("refuses a rootless task what its user's cgroups cannot hold", () => {
  const onCore = withLinux({ cpusetCpus: "1" });
  const hard = { hardLimit: true, periodUs: 0, hostCpuCount: 4 };
  assert.throws(() => planLimits(onCore, noHardLimit, rootlessWith("cpu", "memory", "pids")), { code: "config-invalid", message: /^cores: .* controllers cpu, memory, pids, but not cpuset/ });
  assert.throws(() => planLimits(resources, hard, rootlessWith("memory", "pids")), { code: "config-invalid", message: /^cpu_hard_limit: .* but not cpu:/ });
  assert.equal(planLimits(onCore, noHardLimit, rootlessWith("cpuset", "cpu")).cpu?.cpus, "1");
  assert.equal(planLimits(onCore, noHardLimit, rootlessWith()).cpu?.cpus, "1");
  assert.ok(planLimits(resources, hard, rootlessWith("cpu")).cpu?.quota !== undefined);
});

test("refuses a period that the kernel does not take", () => {
  assert.throws(() => planLimits(resources, { hardLimit: true, periodUs: 1_000_001, hostCpuCount: 4 }, rootful), { code: "config-invalid", message: /cpu_cfs_period: 1000001 is too long/ });
});

test("never asks the kernel for less than it takes", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(1_000_000), fc.integer({ min: 1, max: 256 }), (percentTicks, periodUs, hostCpuCount) => {
      const { cpu } = planLimits(withLinux({ percentTicks }), { hardLimit: true, periodUs, hostCpuCount }, rootful);
      assert.ok(cpu?.quota !== undefined && cpu.period !== undefined);
      assert.ok(Number.isSafeInteger(cpu.quota) && cpu.quota >= 1000 && cpu.period >= 1000 && cpu.period <= 1_000_000);
      assert.ok(cpu.quota <= Math.max(1000, cpu.period * hostCpuCount));
    }),
  );
});
