import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDurationMs } from "./parse-duration.ts";

test("Go durations are read in milliseconds", () => {
  const table: readonly (readonly [string, number])[] = [
    ["5m", 300_000], ["1h30m", 5_400_000], ["1.5s", 1500], [".5s", 500], ["1.s", 1000], ["0", 0], ["0s", 0], ["+3s", 3000], ["100ms", 100],
    ["1h1m1s1ms", 3_661_001], ["1500us", 2], ["2µs", 1], ["1ns", 1], ["1s500ms", 1500], ["0.1s", 100], ["1.1s", 1100], ["4.35s", 4350],
  ];
  for (const [text, durationMs] of table) assert.equal(parseDurationMs(text, "client_http_timeout"), durationMs, text);
});

test("what is no duration is refused with key, value and the right form", () => {
  for (const text of ["", "5", "5 m", "m", "-5m", "5m3", "1d", "five minutes", "5M", ".s", "1e3s", "99999999999999999999h"]) {
    assert.throws(() => parseDurationMs(text, "image_pull_timeout"), {
      code: "config-invalid",
      message:
        `config key image_pull_timeout: ${JSON.stringify(text)} is not a duration; write a number with its unit, e.g. 90s, 5m or ` +
        "1h30m",
    });
  }
});
