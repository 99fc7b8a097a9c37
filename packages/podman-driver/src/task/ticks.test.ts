import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { gridMs, nextBeatMs, Ticks } from "./ticks.ts";

const timerCount = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

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

test("all who beat together share one timer and one turn, and those who leave are waited for no more", async () => {
  const before = timerCount();
  const stop = new AbortController();
  const all = Array.from({ length: 20 }, () => new Ticks(gridMs, stop.signal));
  for (let beat = 0; beat < 3; beat += 1) {
    assert.equal(timerCount(), before + 1);
    let beating = 0;
    await Promise.all(all.map(async (ticks) => (await ticks.next()) && (beating += 1)));
    assert.equal(beating, all.length);
  }
  const [first, ...others] = all;
  for (const ticks of others) ticks.close();
  assert.deepEqual([await first?.next(), await others[0]?.next()], [true, false]);
  const last = first?.next();
  stop.abort();
  assert.deepEqual([await last, timerCount()], [false, before]);
});

test("a short beat is not held up by a long one, whichever came first", async () => {
  const { signal } = new AbortController();
  const long = new Ticks(60_000, signal);
  const startMs = performance.now();
  const short = new Ticks(gridMs, signal);
  const longer = new Ticks(2 ** 40, signal);
  for (let beat = 0; beat < 2; beat += 1) assert.equal(await short.next(), true);
  const elapsedMs = performance.now() - startMs;
  assert.ok(elapsedMs >= gridMs && elapsedMs < 60_000, `${elapsedMs} ms`);
  for (const ticks of [long, short, longer]) ticks.close();
});
