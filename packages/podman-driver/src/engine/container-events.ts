import { BackOff, type BackOffLimits } from "../back-off.ts";
import type { EventFilter, PodmanEvent } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { RepeatedFailure } from "../repeated-failure.ts";

/** Where the events come from: the events endpoint of a service. */
export interface EventSource {
  follow(filter: EventFilter, signal: AbortSignal): AsyncIterable<PodmanEvent>;
}

/** Pauses before the stream is opened again, while it breaks without an event. */
export const defaultEventPauses: BackOffLimits = { shortestMs: 250, longestMs: 30_000 };

/** Which events are followed, and what their failure to come is called. */
export interface EventSubject {
  readonly actions: readonly string[];
  readonly failure: string;
}

const endSubject: EventSubject = {
  actions: ["died", "remove"],
  failure: "Podman's container events cannot be followed; other ways show the ends of tasks meanwhile",
};

/** Podman notes each run of a health check, unless containers.conf says `healthcheck_events = false`. */
export const healthSubject: EventSubject = {
  actions: ["health_status"],
  failure: "Podman's health events cannot be followed; changes of tasks' health are told when they can be again",
};

/**
 * One stream of a Podman service's container events for all tasks on it, open while somebody listens. What it says is a
 * hint, such as that a container has ended or is gone, never the truth: events may be late, missing, or not written at all
 * (podman: `events_logger = none`).
 */
export class ContainerEvents {
  readonly #source: EventSource;
  readonly #pauses: BackOffLimits;
  readonly #actions: readonly string[];
  readonly #hints = new Map<string, () => void>();
  readonly #broken: RepeatedFailure;
  readonly #ignored: RepeatedFailure;
  #stop: AbortController | undefined;

  constructor(source: EventSource, logger: Logger, pauses = defaultEventPauses, { actions, failure } = endSubject) {
    this.#source = source;
    this.#actions = actions;
    this.#pauses = pauses;
    this.#broken = new RepeatedFailure(logger, failure);
    this.#ignored = new RepeatedFailure(logger, "a container's event could not be passed on");
  }

  /** Calls `hint` at each of the container's events. One subscription per container; returns the way to end it. */
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
    const backOff = new BackOff(this.#pauses);
    while (!signal.aborted) {
      try {
        for await (const event of this.#source.follow({ since, types: ["container"], actions: this.#actions }, signal)) {
          since = event.at;
          backOff.reset();
          this.#broken.succeeded();
          this.#pass(event);
        }
      } catch (error) {
        if (!signal.aborted) this.#broken.failed(error);
      }
      await backOff.pause(signal, { holdsProcess: false }).catch(() => undefined);
    }
  }

  #pass({ id }: PodmanEvent): void {
    const hint = this.#hints.get(id);
    if (hint !== undefined) this.#ignored.attempt(hint, id);
  }
}
