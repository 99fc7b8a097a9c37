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
  const count = 20;
  let beats = 0;
  let turn = Promise.withResolvers<void>();
  const onBeat = (): void => {
    beats += 1;
    queueMicrotask(() => turn.resolve());
  };
  const all = Array.from({ length: count }, () => new Ticks(gridMs, onBeat));
  for (let beat = 1; beat <= 3; beat += 1) {
    assert.equal(timerCount(), before + 1);
    await turn.promise;
    assert.equal(beats, beat * count);
    turn = Promise.withResolvers();
  }
  for (const ticks of all.slice(1)) ticks.close();
  await turn.promise;
  assert.equal(beats, 3 * count + 1);
  all[0]?.close();
  assert.equal(timerCount(), before);
});

test("one that leaves at its beat leaves no timer behind", async () => {
  const before = timerCount();
  await new Promise<void>((resolve) => {
    const ticks = new Ticks(gridMs, () => {
      ticks.close();
      resolve();
    });
  });
  assert.equal(timerCount(), before);
});

test("a short beat is not held up by a long one, whichever came first", async () => {
  const startMs = performance.now();
  const never = (): void => assert.fail("a beat");
  const long = new Ticks(60_000, never);
  const twice = Promise.withResolvers<void>();
  let beats = 0;
  const short = new Ticks(gridMs, () => ((beats += 1) === 2 ? twice.resolve() : undefined));
  const longer = new Ticks(2 ** 40, never);
  await twice.promise;
  const elapsedMs = performance.now() - startMs;
  assert.ok(elapsedMs >= gridMs && elapsedMs < 60_000, `${elapsedMs} ms`);
  for (const ticks of [long, short, longer]) ticks.close();
});
