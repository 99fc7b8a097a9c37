import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { ContainerStats } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { RepeatedFailure } from "../repeated-failure.ts";

/** Where the figures come from: the statistics endpoint of a service. */
export interface StatsEndpoint {
  stats(options: { readonly intervalSeconds: number }, signal: AbortSignal): AsyncIterable<readonly ContainerStats[]>;
}

/** Pauses before the stream is opened again. */
export const defaultStatsPauses: BackOffLimits = { shortestMs: 1000, longestMs: 60_000 };

export interface TimedStats {
  /** Monotonic clock, nanoseconds: when Podman's report came. */
  readonly atNs: bigint;
  readonly stats: ContainerStats;
}

export interface StatsSubscription {
  /** What has come since the last call, if anything has; only the newest counts. */
  take(): TimedStats | undefined;
  close(): void;
}

/**
 * One stream of a Podman service's statistics for all tasks on it whose cgroups this host does not show, open while somebody
 * listens. Without a list of containers: a report costs Podman an eighth of what the containers would cost one by one, and a
 * list would end the stream with the first container that goes (podman 4.3, 5.4).
 */
export class SharedStats {
  readonly #endpoint: StatsEndpoint;
  readonly #pauses: BackOffLimits;
  readonly #failure: RepeatedFailure;
  /** The interval that each listener asked for, in whole seconds. */
  readonly #intervals = new Map<StatsSubscription, number>();
  #latest: ReadonlyMap<string, TimedStats> = new Map();
  #stream: { readonly stop: AbortController; readonly intervalSeconds: number } | undefined;

  constructor(endpoint: StatsEndpoint, logger: Logger, pauses = defaultStatsPauses) {
    this.#endpoint = endpoint;
    this.#pauses = pauses;
    this.#failure = new RepeatedFailure(
      logger,
      "Podman's statistics cannot be followed; tasks without a visible cgroup have none meanwhile",
    );
  }

  /** `intervalMs` counts as whole seconds, at least one; of several listeners the most impatient sets the pace. */
  subscribe(containerId: string, intervalMs: number): StatsSubscription {
    let takenAtNs: bigint | undefined;
    const subscription: StatsSubscription = {
      take: () => {
        const latest = this.#latest.get(containerId);
        if (latest === undefined || latest.atNs === takenAtNs) return undefined;
        takenAtNs = latest.atNs;
        return latest;
      },
      close: () => {
        this.#intervals.delete(subscription);
        if (this.#intervals.size === 0) this.close();
      },
    };
    this.#intervals.set(subscription, Math.max(1, Math.floor(intervalMs / 1000)));
    this.#keepPace();
    return subscription;
  }

  close(): void {
    this.#stream?.stop.abort(new Error("nobody listens to the statistics any more"));
    this.#stream = undefined;
    this.#latest = new Map();
  }

  #keepPace(): void {
    const intervalSeconds = Math.min(...this.#intervals.values());
    if (this.#stream !== undefined && this.#stream.intervalSeconds <= intervalSeconds) return;
    this.#stream?.stop.abort(new Error("the statistics are wanted more often"));
    this.#stream = { stop: new AbortController(), intervalSeconds };
    void this.#follow(intervalSeconds, this.#stream.stop.signal);
  }

  async #follow(intervalSeconds: number, signal: AbortSignal): Promise<void> {
    const backOff = new BackOff(this.#pauses);
    while (!signal.aborted) {
      try {
        for await (const report of this.#endpoint.stats({ intervalSeconds }, signal)) {
          if (signal.aborted) return;
          const atNs = process.hrtime.bigint();
          this.#latest = new Map(report.map((stats) => [stats.containerId, { atNs, stats }]));
          this.#failure.succeeded();
          backOff.reset();
        }
      } catch (error) {
        if (!signal.aborted) this.#failure.failed(error);
      }
      await backOff.pause(signal, { holdsProcess: false }).catch(() => undefined);
    }
  }
}
