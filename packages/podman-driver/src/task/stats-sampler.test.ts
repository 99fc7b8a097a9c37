import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import type { CgroupSample } from "../host/cgroup-counters.ts";
import { followStats, toTaskStats } from "./stats-sampler.ts";
import type { StatsSource, TimedSample } from "./stats-source.ts";

const sample = (totalNs: number): CgroupSample => ({
  cpu: { totalNs, userNs: totalNs / 2, systemNs: totalNs / 4, throttledPeriods: 3, throttledTimeNs: 5 },
  memory: { rssBytes: 7 },
});
const timed = (atMs: number, totalMs: number): TimedSample => ({ atNs: BigInt(atMs) * 1_000_000n, sample: sample(totalMs * 1e6) });
const compute = { totalComputeMhz: 8000, coreCount: 4 };
const ready = Promise.resolve();
const reading = (read: () => CgroupSample | "none" | undefined): { readonly ready: Promise<void>; readonly open: () => StatsSource } => {
  const toReading = (found: ReturnType<typeof read>): ReturnType<StatsSource["read"]> =>
    typeof found === "object" ? { atNs: process.hrtime.bigint(), sample: found } : found;
  return { ready, open: () => ({ read: () => toReading(read()), close: () => undefined }) };
};
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

test("reports 0 % for the first reading", () => {
  const { cpu, memory, timestampNs } = toTaskStats(timed(1000, 5_000_000), undefined, compute, 42n);
  assert.deepEqual(cpu, { percent: 0, userPercent: 0, systemPercent: 0, totalTicksMhz: 0, throttledPeriods: 3, throttledTimeNs: 5 });
  assert.deepEqual([memory, timestampNs], [{ rssBytes: 7 }, 42n]);
});

test("reports the share of one core between two readings, and what it is worth in MHz", () => {
  const { cpu } = toTaskStats(timed(2000, 6500), timed(1000, 5000), compute, 0n);
  assert.deepEqual([cpu.percent, cpu.userPercent, cpu.systemPercent, cpu.totalTicksMhz], [150, 75, 37.5, 3000]);
});

test("reports 0 where the counters say nothing", () => {
  const percentOf = (now: TimedSample, then: TimedSample): number | undefined => toTaskStats(now, then, compute, 0n).cpu.percent;
  assert.deepEqual(
    [percentOf(timed(2000, 1), timed(1000, 9)), percentOf(timed(1000, 9), timed(1000, 1)), percentOf(timed(900, 9), timed(1000, 1))],
    [0, 0, 0],
  );
  assert.equal(toTaskStats(timed(2000, 6000), timed(1000, 5000), { totalComputeMhz: 0, coreCount: 0 }, 0n).cpu.totalTicksMhz, 0);
});

test("leaves out what was not counted, and 0 is the first of what is", () => {
  const bare = { atNs: 0n, sample: { cpu: {}, memory: {} } };
  assert.deepEqual(Object.values(toTaskStats(bare, timed(0, 1), compute, 0n).cpu).filter((value) => value !== undefined), []);
  const { cpu } = toTaskStats({ atNs: 1_000_000_000n, sample: { cpu: { totalNs: 5e8 }, memory: {} } }, bare, compute, 0n);
  assert.deepEqual([cpu.percent, cpu.userPercent, cpu.throttledPeriods], [0, undefined, undefined]);
});

test("gives finite numbers only, from whatever the kernel says", () => {
  const counter = fc.oneof(fc.constantFrom(NaN, 0, -1), fc.maxSafeNat());
  const reading = fc.record({ atNs: fc.bigInt({ min: 0n, max: 1n << 62n }), totalNs: counter, userNs: counter, systemNs: counter });
  const toTimed = ({
    atNs,
    ...cpu
  }: {
    readonly atNs: bigint;
    readonly totalNs: number;
    readonly userNs: number;
    readonly systemNs: number;
  }): TimedSample => ({ atNs, sample: { cpu: { ...cpu, throttledPeriods: 0, throttledTimeNs: 0 }, memory: {} } });
  fc.assert(
    fc.property(reading, fc.option(reading, { nil: undefined }), fc.nat(1024), (now, then, coreCount) => {
      const { cpu } = toTaskStats(toTimed(now), then && toTimed(then), { totalComputeMhz: 4000, coreCount }, 0n);
      for (const value of Object.values(cpu)) assert.ok(Number.isFinite(value) && value >= 0, String(value));
    }),
  );
});

test("samples at once, then at the interval, and ends with the cgroup", async () => {
  const readings = [sample(0), sample(1e9), sample(2e9)];
  const atMs: number[] = [];
  for await (const stats of followStats({ intervalMs: 100, compute, ...reading(() => readings.shift()) }, soon())) {
    assert.equal(stats.memory.rssBytes, 7);
    atMs.push(performance.now());
  }
  assert.equal(atMs.length, 3);
  assert.ok((atMs[2] ?? 0) - (atMs[0] ?? 0) >= 150);
});

test("takes an interval that is too short for 100 ms, and one that no timer can count for a long one", async () => {
  for (const intervalMs of [0, -5, 1]) {
    const startedMs = performance.now();
    let reads = 0;
    for await (const _stats of followStats({ intervalMs, compute, ...reading(() => ((reads += 1) < 3 ? sample(0) : undefined)) }, soon()));
    assert.ok(performance.now() - startedMs >= 150);
  }
  const stop = new AbortController();
  let samples = 0;
  for await (const _stats of followStats({ intervalMs: 1e12, compute, ...reading(() => sample(0)) }, stop.signal)) {
    samples += 1;
    setTimeout(() => stop.abort(), 50);
  }
  assert.equal(samples, 1);
});

test("skips a beat at which there is nothing new, dates a sample by its reading, and closes its source", async () => {
  let closed = 0;
  const readings: ReturnType<StatsSource["read"]>[] = [
    "none",
    { atNs: process.hrtime.bigint() - 5_000_000_000n, sample: sample(0) },
    "none",
    undefined,
  ];
  const open = (): StatsSource => ({ read: () => readings.shift(), close: () => void (closed += 1) });
  const seen = await Array.fromAsync(followStats({ intervalMs: 100, compute, ready, open }, soon()));
  assert.equal(seen.length, 1);
  const ageMs = Date.now() - Number((seen[0]?.timestampNs ?? 0n) / 1_000_000n);
  assert.ok(ageMs >= 5000 && ageMs < 15_000, `${ageMs} ms`);
  assert.equal(closed, 1);
});

test("queues nothing for a reader that is slower than the interval", async () => {
  let reads = 0;
  const stream = followStats({ intervalMs: 100, compute, ...reading(() => sample((reads += 1))) }, soon())[Symbol.asyncIterator]();
  await stream.next();
  await new Promise((resolve) => setTimeout(resolve, 350));
  assert.equal(reads, 1);
  await stream.next();
  assert.equal(reads, 2);
  await stream.return?.();
});

test("stops its timer when the reader leaves and when the signal fires", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  for await (const _stats of followStats({ intervalMs: 60_000, compute, ...reading(() => sample(0)) }, new AbortController().signal)) break;
  assert.equal(timers(), before);
  const stop = new AbortController();
  for await (const _stats of followStats({ intervalMs: 60_000, compute, ...reading(() => sample(0)) }, stop.signal))
    setImmediate(() => stop.abort());
  assert.equal(timers(), before);
});

test("ends when its task is let go of, with what it had opened, and is not opened after that", async () => {
  for (const isEarly of [false, true]) {
    const closed = new AbortController();
    const found = Promise.withResolvers<void>();
    let [opened, open] = [0, 0];
    const source = (): StatsSource => {
      [opened, open] = [opened + 1, open + 1];
      return { read: () => timed(1, 1), close: () => void (open -= 1) };
    };
    const feed = followStats({ intervalMs: 60_000, compute, ready: found.promise, closed: closed.signal, open: source }, soon());
    const told = Array.fromAsync(feed);
    if (isEarly) closed.abort();
    found.resolve();
    await new Promise(setImmediate);
    closed.abort();
    assert.deepEqual([(await told).length, opened, open], isEarly ? [0, 0, 0] : [1, 1, 0]);
  }
});

test("one that was closed before it began tells its listener so, and leaves nothing on a signal", async () => {
  const { signal } = new AbortController();
  const feed = followStats({ intervalMs: 100, compute, ready, open: () => assert.fail("opened") }, signal);
  feed.close();
  await new Promise<void>((end) => feed.follow({ take: () => assert.fail("a sample"), end }));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("fails with what its source throws, at once or later", async () => {
  for (const goodReads of [0, 2]) {
    let reads = 0;
    const feed = followStats({ intervalMs: 100, compute, ...reading(() => {
      if ((reads += 1) > goodReads) throw new Error("broken");
      return sample(0);
    }) }, soon());
    const seen: unknown[] = [];
    await assert.rejects(async () => {
      for await (const stats of feed) seen.push(stats);
    }, /broken/);
    assert.equal(seen.length, goodReads);
  }
});

test("ends with the error of its listener, and reads no more", async () => {
  const failures = [() => { throw new Error("gone"); }, () => Promise.reject(new Error("gone"))];
  for (const take of failures) {
    let [reads, closed] = [0, 0];
    const open = (): StatsSource => ({ read: () => ((reads += 1), timed(1, 1)), close: () => void (closed += 1) });
    const error = await new Promise((end) => followStats({ intervalMs: 100, compute, ready, open }, soon()).follow({ take, end }));
    assert.match(String(error), /gone/);
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.deepEqual([reads, closed], [1, 1]);
  }
});
