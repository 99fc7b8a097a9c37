import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDurationMs } from "../../src/job/keys/duration.ts";

const durations: readonly (readonly [text: string, durationMs: number | undefined])[] = [
  ["30s", 30_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  ["250ms", 250],
  [".5m", 30_000],
  ["-2s", -2000],
  ["1000000000ns", 1000],
  ["1500us", 2],
  ["1500µs", 2],
  ["0", 0],
  ["", undefined],
  ["5", undefined],
  ["5 s", undefined],
  ["5d", undefined],
  ["s", undefined],
  [".s", undefined],
  ["+0", 0],
  ["100ns", 1],
  ["-100ns", -1],
  ["-0", 0],
  ["9223372036854775807ns", 9_223_372_036_855],
  ["9223372036854775808ns", undefined],
  ["-9223372036854775808ns", -9_223_372_036_855],
  ["2562047h47m16.854775807s", 9_223_372_036_855],
  ["2562047h47m16.854775808s", undefined],
  ["99999999999999999999s", undefined],
  ["0.00000000000000000000000001s", 0],
];

for (const [text, durationMs] of durations) {
  test(`reads the duration ${JSON.stringify(text)}`, () => {
    assert.equal(parseDurationMs(text), durationMs);
  });
}
