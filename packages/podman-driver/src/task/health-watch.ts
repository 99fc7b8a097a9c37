import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError } from "@driver/libpod";
import { toTimerMs } from "@driver/std";
import type { Engine } from "../engine/engine.ts";
import { isNoAnswer } from "../errors.ts";
import type { RepeatedFailure } from "../repeated-failure.ts";
import type { HealthCheckTimes } from "../topics/health/health-topic.ts";
import { HealthChanges } from "./health-changes.ts";

export interface HealthWatchOptions {
  readonly containerId: string;
  readonly engine: Pick<Engine, "client" | "healthEvents">;
  readonly times: HealthCheckTimes;
  /** What Podman has said of it last; empty: nothing yet. */
  readonly knownStatus: string;
  /** Checks that Podman does not answer. */
  readonly failures: RepeatedFailure;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

/** Podman 4.3 tells of a check before it has noted what came of it, and its event has the health from before. */
const settleMs = 500;

/** Longest look at the health of a task that has ended: its result waits for it. */
const lastLookMs = 1000;

/**
 * Tells of the changes of a task's health. Where systemd runs the checks, Podman's events say when there was one; elsewhere this has
 * Podman run them, one at a time, and they rest while nobody watches. What a task's health is says one look after each.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #stop = new AbortController();
  readonly #changes = new HealthChanges((status, count) => this.#tell(status, count));
  readonly #unsubscribe: () => void;
  /** What is under way. Never rejects. */
  #work: Promise<void> = Promise.resolve();
  #looksSoon = false;
  #status: string;

  constructor(options: HealthWatchOptions) {
    const { times, engine, containerId } = options;
    this.#options = options;
    this.#status = options.knownStatus;
    const { everyMs } = times;
    this.#unsubscribe = everyMs === undefined ? engine.healthEvents.subscribe(containerId, () => this.#lookSoon()) : () => undefined;
    if (everyMs !== undefined) this.#work = this.#check({ everyMs, firstEveryMs: times.firstEveryMs ?? everyMs });
  }

  /** The container has ended: its health may have been why, and Podman's word of that comes too late. Never rejects. */
  async end(signal: AbortSignal): Promise<void> {
    await this.close();
    await this.#look(AbortSignal.any([signal, AbortSignal.timeout(lastLookMs)])).catch(() => undefined);
    this.#changes.end();
  }

  /** Settles when nothing is under way any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("nobody follows the task's health any more"));
    this.#unsubscribe();
    this.#options.failures.forget(this.#options.containerId);
    await this.#work;
    this.#changes.close();
  }

  /** Never rejects. */
  async #check({ everyMs, firstEveryMs }: { readonly everyMs: number; readonly firstEveryMs: number }): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pauseMs = this.#status === "" || this.#status === "starting" ? firstEveryMs : everyMs;
      await sleep(toTimerMs(pauseMs), undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await this.#checkOnce(signal);
    }
  }

  async #checkOnce(signal: AbortSignal): Promise<void> {
    const { containerId, engine, failures } = this.#options;
    try {
      // A check that took too long, or found the container stopping, is an error here and a result there.
      await engine.client.containers.runHealthCheck(containerId, signal).catch(rethrowNoAnswer);
      await this.#look(signal);
      failures.succeeded(containerId);
    } catch (error) {
      if (!signal.aborted) failures.failed(error, containerId);
    }
  }

  #lookSoon(): void {
    if (this.#looksSoon) return;
    this.#looksSoon = true;
    this.#work = this.#lookLater(this.#stop.signal).finally(() => (this.#looksSoon = false));
  }

  async #lookLater(signal: AbortSignal): Promise<void> {
    const { containerId, failures } = this.#options;
    try {
      await sleep(settleMs, undefined, { signal, ref: false });
      await this.#look(signal);
      failures.succeeded(containerId);
    } catch (error) {
      if (!signal.aborted) failures.failed(error, containerId);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { containerId, engine } = this.#options;
    const inspect = await engine.client.containers.inspect(containerId, signal);
    if (inspect !== undefined) this.#note(inspect.state.healthStatus);
  }

  #note(status: string): void {
    if (status === "" || status === this.#status) return;
    this.#status = status;
    if (status !== "starting") this.#changes.note(status);
  }

  #tell(status: string, count: number): void {
    const text = `Health check: the task is ${status}`;
    if (count === 1) this.#options.emit(text, { health: status });
    else this.#options.emit(`${text}, after ${count} changes since this was last told`, { health: status, health_changes: String(count) });
  }
}

function rethrowNoAnswer(error: unknown): void {
  if (!(error instanceof LibpodError) || isNoAnswer(error)) throw error;
}
