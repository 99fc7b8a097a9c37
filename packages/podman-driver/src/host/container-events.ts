import { setTimeout as sleep } from "node:timers/promises";
import type { EventFilter, PodmanEvent } from "@driver/libpod";

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
  #stop: AbortController | undefined;

  constructor(source: EventSource, timings = defaultEventTimings) {
    this.#source = source;
    this.#timings = timings;
  }

  /** Calls `hint` when the container died or was removed. One subscription per container; returns the way to end it. */
  subscribe(containerId: string, hint: () => void): () => void {
    this.#hints.set(containerId, hint);
    this.#stop ??= this.#start();
    return () => {
      this.#hints.delete(containerId);
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
          this.#pass(event);
        }
      } catch {
        // Every other way to see an end goes on; why the stream broke shows in the driver's health.
      }
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, this.#timings.longestRetryMs);
    }
  }

  #pass(event: PodmanEvent): void {
    this.#hints.get(event.id)?.();
  }
}
