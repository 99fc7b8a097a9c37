import assert from "node:assert/strict";
import { test } from "node:test";
import { BackOff } from "./back-off.ts";

test("doubles from the shortest to the longest, and begins anew when something has worked", async () => {
  const backOff = new BackOff({ shortestMs: 1, longestMs: 3 });
  const { signal } = new AbortController();
  const seen: number[] = [];
  for (let times = 0; times < 4; times += 1) {
    seen.push(backOff.nextMs);
    await backOff.pause(signal);
  }
  backOff.reset();
  seen.push(backOff.nextMs);
  backOff.reset(2);
  seen.push(backOff.nextMs);
  assert.deepEqual(seen, [1, 2, 3, 3, 1, 2]);
});

test("ends with the caller's reason, before and during a pause", async () => {
  const backOff = new BackOff({ shortestMs: 60_000, longestMs: 60_000 });
  const stop = new AbortController();
  const pausing = backOff.pause(stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(pausing, /enough/);
  await assert.rejects(backOff.pause(stop.signal), /enough/);
});
