import { setTimeout as sleep } from "node:timers/promises";
import type { EventFilter, PodmanEvent } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { RepeatedFailure } from "../repeated-failure.ts";

/** Where the events come from: the events endpoint of a service. */
export interface EventSource {
  follow(filter: EventFilter, signal: AbortSignal): AsyncIterable<PodmanEvent>;
}

export interface EventTimings {
  /** Pauses before the stream is opened again, doubled each time it breaks without an event. */
  readonly shortestRetryMs: number;
  readonly longestRetryMs: number;
}

export const defaultEventTimings: EventTimings = { shortestRetryMs: 250, longestRetryMs: 30_000 };

/**
 * One stream of a Podman service's container events for all tasks on it, open while somebody listens. What it says is a
 * hint that a container has ended or is gone, never the truth: events may be late, missing, or not written at all
 * (podman: `events_logger = none`).
 */
export class ContainerEvents {
  readonly #source: EventSource;
  readonly #timings: EventTimings;
  readonly #hints = new Map<string, () => void>();
  readonly #broken: RepeatedFailure;
  readonly #ignored: RepeatedFailure;
  #stop: AbortController | undefined;

  constructor(source: EventSource, logger: Logger, timings = defaultEventTimings) {
    this.#source = source;
    this.#timings = timings;
    this.#broken = new RepeatedFailure(logger, "Podman's container events cannot be followed; other ways show the ends of tasks meanwhile");
    this.#ignored = new RepeatedFailure(logger, "a container's event could not be passed on");
  }

  /** Calls `hint` when the container died or was removed. One subscription per container; returns the way to end it. */
  subscribe(containerId: string, hint: () => void): () => void {
    this.#hints.set(containerId, hint);
    this.#stop ??= this.#start();
    return () => {
      this.#hints.delete(containerId);
      this.#ignored.forget(containerId);
      if (this.#hints.size === 0) this.close();
    };
  }

  close(): void {
    this.#stop?.abort(new Error("nobody listens to the container events any more"));
    this.#stop = undefined;
  }

  #start(): AbortController {
    const stop = new AbortController();
    void this.#follow(stop.signal);
    return stop;
  }

  /** Follows for good: a service that stops ends the stream, and what happened meanwhile is replayed. */
  async #follow(signal: AbortSignal): Promise<void> {
    let since = new Date();
    let retryMs = this.#timings.shortestRetryMs;
    while (!signal.aborted) {
      try {
        for await (const event of this.#source.follow({ since, types: ["container"], actions: ["died", "remove"] }, signal)) {
          since = event.at;
          retryMs = this.#timings.shortestRetryMs;
          this.#broken.succeeded();
          this.#pass(event);
        }
      } catch (error) {
        if (!signal.aborted) this.#broken.failed(error);
      }
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, this.#timings.longestRetryMs);
    }
  }

  #pass({ id }: PodmanEvent): void {
    const hint = this.#hints.get(id);
    if (hint !== undefined) this.#ignored.attempt(hint, id);
  }
}
