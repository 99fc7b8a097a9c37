import assert from "node:assert/strict";
import { test } from "node:test";
import { BackOff } from "../back-off.ts";
import { pauseForRetry } from "./pause-for-retry.ts";

const hour = 3_600_000;

test("a pause ends with the container, and those after it are the shortest", async () => {
  const ending = new AbortController();
  const ends = { stop: new AbortController().signal, ending: ending.signal };
  const backOff = new BackOff({ shortestMs: 1, longestMs: hour });
  backOff.reset(hour);
  const pausing = pauseForRetry(backOff, ends);
  ending.abort();
  await pausing;
  assert.equal(backOff.nextMs, hour);
  await pauseForRetry(backOff, ends);
  assert.equal(backOff.nextMs, 2);
});

for (const hasEnded of [false, true]) {
  test(`a pause is given up when the collection is to end, ${hasEnded ? "after" : "before"} the container's end`, async () => {
    const stop = new AbortController();
    const ending = hasEnded ? AbortSignal.abort() : new AbortController().signal;
    const pausing = pauseForRetry(new BackOff({ shortestMs: hour, longestMs: hour }), { stop: stop.signal, ending });
    stop.abort(new Error("closed"));
    await assert.rejects(pausing, /closed/);
  });
}
