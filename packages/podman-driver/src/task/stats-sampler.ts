import type { TaskStats } from "@driver/nomad-plugin";
import type { NodeCompute } from "../config/driver-config.ts";
import type { StatsSource, TimedSample } from "./stats-source.ts";
import { gridMs, Ticks } from "./ticks.ts";

/**
 * Nomad's figures for the time between two readings; the first reading of a stream has no predecessor and
 * reports 0 %. Never NaN or Infinity: those break the agent's JSON.
 */
export function toTaskStats(current: TimedSample, previous: TimedSample | undefined, compute: NodeCompute, timestampNs: bigint): TaskStats {
  const { cpu, memory } = current.sample;
  const before = previous?.sample.cpu;
  const elapsedNs = previous === undefined ? 0 : Number(current.atNs - previous.atNs);
  const percent = toPercent(cpu.totalNs, before?.totalNs, elapsedNs);
  const mhzPerCore = compute.coreCount > 0 ? compute.totalComputeMhz / compute.coreCount : 0;
  return {
    timestampNs,
    cpu: {
      percent,
      userPercent: toPercent(cpu.userNs, before?.userNs, elapsedNs),
      systemPercent: toPercent(cpu.systemNs, before?.systemNs, elapsedNs),
      totalTicksMhz: percent === undefined ? undefined : (percent / 100) * mhzPerCore,
      throttledPeriods: cpu.throttledPeriods,
      throttledTimeNs: cpu.throttledTimeNs,
    },
    memory,
  };
}

function toPercent(nowNs: number | undefined, thenNs: number | undefined, elapsedNs: number): number | undefined {
  if (nowNs === undefined) return undefined;
  return elapsedNs > 0 && thenNs !== undefined && nowNs > thenNs ? (100 * (nowNs - thenNs)) / elapsedNs : 0;
}

export interface StatsOptions {
  /** Milliseconds between samples; below 100 counts as 100. */
  readonly intervalMs: number;
  readonly compute: NodeCompute;
  /** Nothing is opened before it settles. */
  readonly ready: Promise<void>;
  open(): StatsSource;
}

/** Samples as soon as it may and then at each interval, until the source has no more or the signal fires. */
export async function* followStats(options: StatsOptions, signal: AbortSignal): AsyncGenerator<TaskStats> {
  await options.ready;
  const source = options.open();
  const ticks = new Ticks(Math.max(gridMs, options.intervalMs), signal);
  try {
    let previous: TimedSample | undefined;
    do {
      const current = source.read();
      if (current === undefined) return;
      if (current === "none") continue;
      yield toTaskStats(current, previous, options.compute, toWallClock(current.atNs));
      previous = current;
    } while (await ticks.next());
  } finally {
    ticks.close();
    source.close();
  }
}

/** Nanoseconds since the epoch of a recent moment of the monotonic clock. */
function toWallClock(atNs: bigint): bigint {
  return BigInt(Date.now()) * 1_000_000n - (process.hrtime.bigint() - atNs);
}
