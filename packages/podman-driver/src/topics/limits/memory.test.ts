import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemoryLimits } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { mistakesOf, planOf, type Wishes } from "../../../test/plan-of.ts";

const mib = 1_048_576;
const { resources } = plainTask();

/** A task of 64 MB unless `memory` says otherwise. */
function wishesOf(config: HclRecord, memory: { readonly memoryMb?: number; readonly memoryMaxMb?: number } = {}): Wishes {
  return { config, task: { resources: { ...resources, ...memory } } };
}

const memoryOf = (wishes: Wishes): MemoryLimits | undefined => planOf(wishes).spec.resource_limits?.memory;
const onSecond = { cgroupVersion: "v2", version: "5.4.2" };

const rows: readonly {
  readonly config: HclRecord;
  readonly memory?: { readonly memoryMb?: number; readonly memoryMaxMb?: number };
  readonly planned: MemoryLimits;
}[] = [
  { config: {}, planned: { limit: 64 * mib } },
  { config: { memory_reservation: "", memory_swap: "", memory_hard_limit: 0 }, planned: { limit: 64 * mib } },
  { config: { memory_reservation: "0m" }, planned: { limit: 64 * mib } },
  { config: { memory_reservation: "32m" }, planned: { limit: 64 * mib, reservation: 32 * mib } },
  { config: { memory_reservation: "33554432" }, planned: { limit: 64 * mib, reservation: 32 * mib } },
  { config: { memory_reservation: "0.03125G" }, planned: { limit: 64 * mib, reservation: 32 * mib } },
  { config: { memory_reservation: "32m" }, memory: { memoryMaxMb: 128 }, planned: { limit: 128 * mib, reservation: 32 * mib } },
  { config: { memory_reservation: "100m" }, memory: { memoryMaxMb: 128 }, planned: { limit: 128 * mib, reservation: 64 * mib } },
  { config: { memory_reservation: "100m" }, memory: { memoryMaxMb: -1 }, planned: { reservation: 64 * mib } },
  { config: { memory_reservation: "100m" }, memory: { memoryMb: 0 }, planned: { reservation: 100 * mib } },
  { config: { memory_swap: "64m" }, planned: { limit: 64 * mib, swap: 64 * mib } },
  { config: { memory_swap: "0" }, planned: { limit: 64 * mib, swap: 64 * mib } },
  { config: { memory_swap: "180m" }, planned: { limit: 64 * mib, swap: 180 * mib } },
  { config: { memory_swap: "-1" }, planned: { limit: 64 * mib, swap: 2 ** 52 } },
  { config: { memory_swap: "-1" }, memory: { memoryMaxMb: -1 }, planned: { reservation: 64 * mib } },
  { config: { memory_swappiness: 0 }, planned: { limit: 64 * mib, swappiness: 0 } },
  { config: { memory_swappiness: 100 }, planned: { limit: 64 * mib, swappiness: 100 } },
  { config: { memory_hard_limit: 128 }, planned: { limit: 128 * mib, reservation: 64 * mib } },
  { config: { memory_hard_limit: 64 }, planned: { limit: 64 * mib, reservation: 64 * mib } },
  { config: { memory_hard_limit: 128 }, memory: { memoryMaxMb: 256 }, planned: { limit: 256 * mib, reservation: 64 * mib } },
  { config: { memory_hard_limit: 128 }, memory: { memoryMaxMb: -1 }, planned: { reservation: 64 * mib } },
  { config: { memory_hard_limit: 128, memory_swap: "128m" }, planned: { limit: 128 * mib, reservation: 64 * mib, swap: 128 * mib } },
];
for (const { config, memory, planned } of rows) {
  test(`plans the memory of ${JSON.stringify({ ...config, ...memory })}`, () =>
    assert.deepEqual(memoryOf(wishesOf(config, memory)), planned));
}

test("leaves no limit of swap to Podman where it takes one", () => {
  assert.equal(memoryOf({ ...wishesOf({ memory_swap: "-1" }), facts: onSecond })?.swap, -1);
});

test("says that cgroup v2 has no swappiness, and asks for none", () => {
  const { spec, notices } = planOf({ ...wishesOf({ memory_swappiness: 0 }), facts: onSecond });
  assert.deepEqual(spec.resource_limits?.memory, { limit: 64 * mib });
  assert.deepEqual(notices, ["memory_swappiness is not applied: cgroup v2 has no such setting for one task"]);
  assert.deepEqual(planOf({ ...wishesOf({}), facts: onSecond }).notices, []);
});

const swapForm = "it counts memory and swap together: write the limit itself for no swap, more for some, or -1 for no limit";
const sizeForm = "is not a size; write a number with a unit, e.g. 64m or 1.5g";
const mistakes: readonly { readonly config: HclRecord; readonly memory?: { readonly memoryMaxMb: number }; readonly message: string }[] = [
  { config: { memory_reservation: "-1" }, message: `memory_reservation: "-1" ${sizeForm}` },
  { config: { memory_swap: "much" }, message: `memory_swap: "much" ${sizeForm}, or -1 for no limit` },
  { config: { memory_swap: "63m" }, message: `memory_swap: "63m" is below the task's memory limit of 64 MiB; ${swapForm}` },
  {
    config: { memory_swap: "63m" },
    memory: { memoryMaxMb: -1 },
    message: 'memory_swap: "63m" needs a limit of memory, and the task has none; set resources.memory, or remove the key',
  },
  { config: { memory_swappiness: -1 }, message: "memory_swappiness: -1 is out of range; 0 to 100 would be right" },
  { config: { memory_swappiness: 101 }, message: "memory_swappiness: 101 is out of range; 0 to 100 would be right" },
  {
    config: { memory_hard_limit: 32 },
    message: "memory_hard_limit: 32 is below the task's memory of 64 MiB; write more MB than resources.memory, or use resources.memory_max",
  },
  {
    config: { memory_hard_limit: 2 ** 40 },
    message: "memory_hard_limit: 1099511627776 is no limit; write more MB than resources.memory, or use resources.memory_max",
  },
  {
    config: { memory_hard_limit: -1 },
    message: "memory_hard_limit: -1 is no limit; write more MB than resources.memory, or use resources.memory_max",
  },
];
for (const { config, memory, message } of mistakes) {
  const [key = ""] = message.split(":");
  test(`refuses ${JSON.stringify({ ...config, ...memory })}`, () =>
    assert.deepEqual(mistakesOf(wishesOf(config, memory)), [`${key} > config key ${message}`]));
}

test("refuses to keep more than the limit, where the kernel does", () => {
  const wishes = wishesOf({ memory_reservation: "100m" });
  assert.throws(() => planOf(wishes), {
    code: "config-invalid",
    message: "config key memory_reservation: is above the task's memory limit of 64 MiB; it is for less than the limit",
  });
  assert.equal(memoryOf({ ...wishes, facts: onSecond })?.reservation, 100 * mib);
});
