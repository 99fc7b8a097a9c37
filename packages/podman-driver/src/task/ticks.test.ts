import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { gridMs, nextBeatMs } from "./ticks.ts";

test("readers with one interval beat together, whenever they came", () => {
  assert.deepEqual([nextBeatMs(12.3, 1000, 12.3), nextBeatMs(87, 1000, 87), nextBeatMs(100, 1000, 100)], [1100, 1100, 1100]);
});

test("a beat that is late does not shift those after it", () => {
  assert.equal(nextBeatMs(1100, 1000, 1107), 2100);
  assert.equal(nextBeatMs(1100, 1000, 5234), 5300);
});

test("a beat is on the grid, ahead, and never sooner than its interval", () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.integer({ min: gridMs, max: 1e7 }), fc.nat(1e6), (lastMs, intervalMs, lateMs) => {
      const nowMs = lastMs + lateMs;
      const beatMs = nextBeatMs(lastMs, intervalMs, nowMs);
      assert.equal(beatMs % gridMs, 0);
      assert.ok(beatMs > nowMs && beatMs >= lastMs + intervalMs);
      assert.ok(beatMs <= Math.max(lastMs + intervalMs, nowMs + 1) + gridMs);
    }),
  );
});
