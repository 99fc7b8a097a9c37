import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodmanClient, PodmanEvent } from "@driver/libpod";
import { LibpodError } from "@driver/libpod";
import { RecordedLog, until } from "@driver/testing";
import { ContainerEvents } from "../engine/container-events.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import type { HealthCheckTimes } from "../topics/health/health-topic.ts";
import { HealthWatch } from "./health-watch.ts";

const bySystemd: HealthCheckTimes = { everyMs: undefined, firstEveryMs: undefined };
const byDriver: HealthCheckTimes = { everyMs: 2, firstEveryMs: 1 };
const event: PodmanEvent = { id: "mine", at: new Date(1000) };

/** A service whose container has one health after the other; the last one stays. */
class ScriptedHealth {
  readonly told: string[] = [];
  readonly log = new RecordedLog();
  readonly statuses: string[];
  runs = 0;
  looks = 0;
  atOnce = 0;
  streams = 0;
  failure: Error | undefined;

  constructor(...statuses: readonly string[]) {
    this.statuses = [...statuses];
  }

  watch(times: HealthCheckTimes, knownStatus = "starting"): HealthWatch {
    const follow = async function* (this: ScriptedHealth, _filter: unknown, signal: AbortSignal): AsyncGenerator<PodmanEvent> {
      this.streams += 1;
      try {
        yield event;
        yield event;
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
      } finally {
        this.streams -= 1;
      }
    }.bind(this);
    const containers = { runHealthCheck: this.#run.bind(this), inspect: () => Promise.resolve(this.#inspect()) };
    return new HealthWatch({
      containerId: "mine",
      engine: { client: { containers } as unknown as PodmanClient, healthEvents: new ContainerEvents({ follow }, this.log.logger) },
      times,
      knownStatus,
      failures: new RepeatedFailure(this.log.logger, "a check cannot be run"),
      emit: (message, annotations) => this.told.push(`${message} ${JSON.stringify(annotations)}`),
    });
  }

  #inspect(): object {
    this.looks += 1;
    return { state: { healthStatus: this.statuses[0] ?? "" } };
  }

  async #run(_container: string, signal: AbortSignal): Promise<void> {
    assert.equal(this.atOnce, 0, "one check at a time");
    this.atOnce += 1;
    await new Promise((resolve) => setImmediate(resolve));
    this.atOnce -= 1;
    this.runs += 1;
    signal.throwIfAborted();
    if (this.statuses.length > 1) this.statuses.shift();
    if (this.failure !== undefined) throw this.failure;
  }
}

const healthy = 'Health check: the task is healthy {"health":"healthy"}';
const unhealthy = 'Health check: the task is unhealthy {"health":"unhealthy"}';

test("looks once when Podman's events tell of checks, and never without", async () => {
  const script = new ScriptedHealth("unhealthy");
  const watch = script.watch(bySystemd);
  await until(() => script.told.length === 1);
  await watch.close();
  assert.deepEqual([script.told, script.looks, script.runs], [[unhealthy], 1, 0]);
  await until(() => script.streams === 0);
});

test("runs the checks itself where nobody else does, one at a time", async () => {
  const script = new ScriptedHealth("starting", "starting", "healthy", "unhealthy", "unhealthy");
  const watch = script.watch(byDriver);
  await until(() => script.told.length === 2);
  await watch.close();
  const { runs } = script;
  assert.deepEqual([script.told, script.streams], [[healthy, unhealthy], 0]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(script.runs, runs);
});

test("tells nothing of a health that was known before", async () => {
  const script = new ScriptedHealth("healthy");
  const watch = script.watch(byDriver, "healthy");
  await until(() => script.runs >= 2);
  await watch.close();
  assert.deepEqual(script.told, []);
});

test("takes a check that failed for a result, and says once when Podman does not answer", async () => {
  const script = new ScriptedHealth("unhealthy");
  script.failure = new LibpodError({ code: "engine-error", message: "healthcheck command exceeded timeout of 1s" });
  const watch = script.watch(byDriver);
  await until(() => script.told.length === 1);
  assert.deepEqual([script.told, script.log.at("warn")], [[unhealthy], []]);
  script.failure = new LibpodError({ code: "unreachable", message: "no such socket" });
  const { runs } = script;
  await until(() => script.runs > runs + 3);
  await watch.close();
  assert.equal(script.log.at("warn").length, 1);
});

test("looks a last time when the container has ended", async () => {
  const script = new ScriptedHealth("unhealthy");
  await script.watch({ everyMs: 60_000, firstEveryMs: 60_000 }).end(new AbortController().signal);
  assert.deepEqual([script.told, script.runs], [[unhealthy], 0]);
});

test("tells of a health that changes with each check a few times, and at the end of all the rest in one", async () => {
  const script = new ScriptedHealth(...Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? "unhealthy" : "healthy")), "unhealthy");
  const watch = script.watch(byDriver);
  await until(() => script.runs > 12);
  assert.equal(script.told.length, 4);
  await watch.end(new AbortController().signal);
  assert.deepEqual(script.told.slice(4), [
    'Health check: the task is unhealthy, after 8 changes since this was last told {"health":"unhealthy","health_changes":"8"}',
  ]);
});
