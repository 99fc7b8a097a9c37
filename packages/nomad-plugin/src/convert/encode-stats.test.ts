import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskStatsResponseSchema } from "../gen/driver_pb.ts";
import type { TaskStats } from "../task-driver.ts";
import { encodeStats } from "./encode-stats.ts";
import { toStatsMessage } from "./stats.ts";

/** As the library codes it. */
function reference(stats: TaskStats): Uint8Array {
  return toBinary(TaskStatsResponseSchema, create(TaskStatsResponseSchema, { stats: toStatsMessage(stats) }));
}

const percent = fc.option(fc.oneof(fc.constantFrom(0, -0, 100, Number.NaN, Number.POSITIVE_INFINITY), fc.double()), { nil: undefined });
const whole = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, -1, 0.5, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64 - 2048, Number.NaN),
);
const count = fc.option(whole, { nil: undefined });
const anyStats: fc.Arbitrary<TaskStats> = fc.record({
  timestampNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  cpu: fc.record({
    percent,
    userPercent: percent,
    systemPercent: percent,
    totalTicksMhz: percent,
    throttledPeriods: count,
    throttledTimeNs: count,
  }),
  memory: fc.record({
    rssBytes: count,
    cacheBytes: count,
    maxUsageBytes: count,
    kernelUsageBytes: count,
    kernelMaxUsageBytes: count,
    usageBytes: count,
    swapBytes: count,
  }),
});

test("codes a sample byte for byte as the library does", () => {
  fc.assert(
    fc.property(anyStats, (stats) => {
      assert.deepEqual(Buffer.from(encodeStats(stats)), Buffer.from(reference(stats)));
    }),
    { numRuns: 2000 },
  );
});

test("codes nothing measured, and everything at its largest", () => {
  const nothing = { timestampNs: 0n, cpu: {}, memory: {} };
  assert.deepEqual(Buffer.from(encodeStats(nothing)), Buffer.from(reference(nothing)));
  const most = 2 ** 64 - 2048;
  const cpu = { percent: 1, userPercent: 1, systemPercent: 1, totalTicksMhz: 1, throttledPeriods: most, throttledTimeNs: most };
  const sizes = { rssBytes: most, cacheBytes: most, maxUsageBytes: most, kernelUsageBytes: most, kernelMaxUsageBytes: most };
  const all = { timestampNs: 2n ** 63n - 1n, cpu, memory: { ...sizes, usageBytes: most, swapBytes: 2 ** 80 } };
  const coded = encodeStats(all);
  assert.ok(coded.length > 160);
  assert.deepEqual(Buffer.from(coded), Buffer.from(reference({ ...all, memory: { ...all.memory, swapBytes: most } })));
});
