import type { TaskStats } from "@driver/nomad-plugin";
import { Feed, type FeedListener } from "@driver/std";
import type { NodeCompute } from "../config/driver-config.ts";
import type { CpuCounters } from "../host/cgroup-counters.ts";
import type { StatsSource, TimedSample } from "./stats-source.ts";
import { gridMs, Ticks } from "./ticks.ts";

/** As much of a reading as the next one is compared with. */
export interface CpuReading {
  readonly atNs: bigint;
  readonly sample: { readonly cpu: Pick<CpuCounters, "totalNs" | "userNs" | "systemNs"> };
}

/**
 * Nomad's figures for the time between two readings; the first reading of a stream has no predecessor and
 * reports 0 %. Never NaN or Infinity: those break the agent's JSON.
 */
export function toTaskStats(current: TimedSample, previous: CpuReading | undefined, compute: NodeCompute, timestampNs: bigint): TaskStats {
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
  /** Fires when the task is let go of; default never. */
  readonly closed?: AbortSignal;
  open(): StatsSource;
}

/**
 * Samples as soon as it may and then at each interval, until the source has no more or a signal fires. A listener that is slower
 * than the interval misses samples, and gets the next one.
 */
export function followStats(options: StatsOptions, signal: AbortSignal): Feed<TaskStats> {
  return new StatsFeed(options, signal);
}

/** There is one for each task, and what it makes anew for a sample outlives the wait for the next: so it keeps numbers, in their places. */
class StatsFeed extends Feed<TaskStats> {
  readonly #compute: NodeCompute;
  readonly #signals: readonly AbortSignal[];
  /** Until it has begun. */
  #options: StatsOptions | undefined;
  #listener: FeedListener<TaskStats> | undefined;
  #source: StatsSource | undefined;
  #ticks: Ticks | undefined;
  #isBusy = false;
  #hasEnded = false;
  #hasPast = false;
  readonly #past = { atNs: 0n, sample: { cpu: { totalNs: Number.NaN, userNs: Number.NaN, systemNs: Number.NaN } } };

  constructor(options: StatsOptions, signal: AbortSignal) {
    super();
    this.#options = options;
    this.#compute = options.compute;
    this.#signals = options.closed === undefined ? [signal] : [signal, options.closed];
  }

  follow(listener: FeedListener<TaskStats>): void {
    if (this.#hasEnded) return listener.end();
    this.#listener = listener;
    for (const signal of this.#signals) {
      signal.addEventListener("abort", this, { once: true });
      if (signal.aborted) return this.close();
    }
    void this.#begin();
  }

  close(): void {
    this.#end();
  }

  /** Of the signals. */
  handleEvent(): void {
    this.#end();
  }

  /** Never rejects. */
  async #begin(): Promise<void> {
    try {
      await this.#options?.ready;
      const options = this.#options;
      if (options === undefined) return;
      this.#options = undefined;
      this.#source = options.open();
      this.#ticks = new Ticks(Math.max(gridMs, options.intervalMs), () => this.#sample());
      this.#sample();
    } catch (error) {
      this.#end(error);
    }
  }

  #sample(): void {
    if (this.#isBusy) return;
    try {
      const current = this.#source?.read();
      if (current === undefined) return this.#end();
      if (current === "none") return;
      const stats = toTaskStats(current, this.#hasPast ? this.#past : undefined, this.#compute, toWallClock(current.atNs));
      this.#keep(current);
      const taken = this.#listener?.take(stats);
      if (taken !== undefined) void this.#waitFor(taken);
    } catch (error) {
      this.#end(error);
    }
  }

  #keep({ atNs, sample: { cpu } }: TimedSample): void {
    const past = this.#past;
    past.atNs = atNs;
    past.sample.cpu.totalNs = cpu.totalNs ?? Number.NaN;
    past.sample.cpu.userNs = cpu.userNs ?? Number.NaN;
    past.sample.cpu.systemNs = cpu.systemNs ?? Number.NaN;
    this.#hasPast = true;
  }

  /** Never rejects. */
  async #waitFor(taken: Promise<unknown>): Promise<void> {
    this.#isBusy = true;
    try {
      await taken;
      this.#isBusy = false;
    } catch (error) {
      this.#end(error);
    }
  }

  #end(error?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options = undefined;
    for (const signal of this.#signals) signal.removeEventListener("abort", this);
    this.#ticks?.close();
    this.#source?.close();
    this.#listener?.end(error);
  }
}

/** Nanoseconds since the epoch of a recent moment of the monotonic clock. */
function toWallClock(atNs: bigint): bigint {
  return BigInt(Date.now()) * 1_000_000n - (process.hrtime.bigint() - atNs);
}
