import type { TaskStats } from "@driver/nomad-plugin";
import type { CgroupSample } from "../host/cgroup-counters.ts";
import { toTimerMs } from "../to-timer-ms.ts";

export interface TimedSample {
  /** Monotonic clock, nanoseconds. */
  readonly atNs: bigint;
  readonly sample: CgroupSample;
}

/** What a node's CPU is worth, as Nomad told it; zeros where it did not. */
export interface NodeCompute {
  readonly totalComputeMhz: number;
  readonly coreCount: number;
}

/**
 * Nomad's figures for the time between two readings; the first reading of a stream has no predecessor and
 * reports 0 %. Never NaN or Infinity: those break the agent's JSON.
 */
export function toTaskStats(current: TimedSample, previous: TimedSample | undefined, compute: NodeCompute, timestampNs: bigint): TaskStats {
  const { cpu, memory } = current.sample;
  const before = previous?.sample.cpu;
  const elapsedNs = previous === undefined ? 0 : Number(current.atNs - previous.atNs);
  const percentOf = (now: number, then: number | undefined): number =>
    elapsedNs > 0 && then !== undefined && now > then ? (100 * (now - then)) / elapsedNs : 0;
  const percent = percentOf(cpu.totalNs, before?.totalNs);
  const mhzPerCore = compute.coreCount > 0 ? compute.totalComputeMhz / compute.coreCount : 0;
  return {
    timestampNs,
    cpu: {
      percent,
      userPercent: percentOf(cpu.userNs, before?.userNs),
      systemPercent: percentOf(cpu.systemNs, before?.systemNs),
      totalTicksMhz: (percent / 100) * mhzPerCore,
      throttledPeriods: cpu.throttledPeriods,
      throttledTimeNs: cpu.throttledTimeNs,
    },
    memory,
  };
}

export interface StatsOptions {
  /** Milliseconds between samples; below 100 counts as 100. */
  readonly intervalMs: number;
  readonly compute: NodeCompute;
  /** Nothing is read before it settles. */
  readonly ready: Promise<void>;
  /** Undefined: the cgroup is gone, so the task has ended. */
  read(): CgroupSample | undefined;
}

const shortestIntervalMs = 100;

/** Samples as soon as it may and then at each interval, until the cgroup is gone or the signal fires. */
export async function* followStats(options: StatsOptions, signal: AbortSignal): AsyncGenerator<TaskStats> {
  await options.ready;
  const ticks = new Ticks(toTimerMs(Math.max(shortestIntervalMs, options.intervalMs)), signal);
  try {
    let previous: TimedSample | undefined;
    do {
      const sample = options.read();
      if (sample === undefined) return;
      const current = { atNs: process.hrtime.bigint(), sample };
      yield toTaskStats(current, previous, options.compute, BigInt(Date.now()) * 1_000_000n);
      previous = current;
    } while (await ticks.next());
  } finally {
    ticks.close();
  }
}

/** A metronome that never queues: a reader who falls behind gets the next beat, not the missed ones. */
class Ticks {
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  #wake: ((beat: boolean) => void) | undefined;
  #closed = false;

  constructor(intervalMs: number, signal: AbortSignal) {
    this.#timer = setInterval(this.#beat, intervalMs);
    this.#signal = signal;
    signal.addEventListener("abort", this.close, { once: true });
  }

  /** False once closed. */
  next(): Promise<boolean> {
    if (this.#closed || this.#signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly #beat = (): void => {
    this.#settle(true);
  };

  readonly close = (): void => {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.close);
    this.#settle(false);
  };

  #settle(beat: boolean): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(beat);
  }
}
