import assert from "node:assert/strict";
import { test } from "node:test";
import { toTimerMs } from "./to-timer-ms.ts";

test("leaves a time alone that a timer can count, and cuts one that would make it end at once", () => {
  assert.deepEqual(
    [0, 60_000, 2_147_483_647, 2_147_483_648, 3.6e12, Infinity].map(toTimerMs),
    [0, 60_000, 2_147_483_647, 2_147_483_647, 2_147_483_647, 2_147_483_647],
  );
});

test("gives whole milliseconds, which every timer takes, and never less than was wanted", () => {
  assert.deepEqual([0.25, 2500.5, 2_147_483_646.5].map(toTimerMs), [1, 2501, 2_147_483_647]);
  for (const durationMs of [0.25, 2500.5, 1e300]) AbortSignal.timeout(toTimerMs(durationMs));
});
