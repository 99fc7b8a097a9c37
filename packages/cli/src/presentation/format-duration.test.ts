import assert from "node:assert/strict";
import { test } from "node:test";

import { formatDuration } from "./format-duration.ts";

const durations: readonly (readonly [number, string])[] = [
  [0, "0ms"],
  [250.4, "250ms"],
  [1_000, "1s"],
  [1_540, "1.5s"],
  [15_000, "15s"],
  [17_499, "17s"],
  [59_999, "1m"],
  [1_800_000, "30m"],
  [5_400_000, "1h30m"],
  [86_400_000, "24h"],
  [3_605_000, "1h5s"],
];

for (const [durationMs, text] of durations) {
  test(`${durationMs} ms is shown as ${text}`, () => assert.equal(formatDuration(durationMs), text));
}
