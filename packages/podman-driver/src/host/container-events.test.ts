import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventFilter, PodmanEvent } from "@driver/libpod";
import { until } from "@driver/testing";
import { ContainerEvents, type EventSource } from "./container-events.ts";

const timings = { shortestRetryMs: 1, longestRetryMs: 5 };
const died = (id: string, at: number): PodmanEvent => ({ type: "container", action: "died", id, at: new Date(at), attributes: {}, exitCode: 0 });

/** An events endpoint that gives what the test puts in, one stream after the other. */
class ScriptedEvents implements EventSource {
  readonly streams: (readonly PodmanEvent[] | "refused")[] = [];
  readonly askedSince: (Date | undefined)[] = [];
  open = 0;

  async *follow(filter: EventFilter, signal: AbortSignal): AsyncGenerator<PodmanEvent, void, undefined> {
    this.askedSince.push(filter.since);
    const stream = this.streams.shift();
    if (stream === "refused") throw new Error("refused");
    this.open += 1;
    try {
      yield* stream ?? [];
      if (stream === undefined) await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    } finally {
      this.open -= 1;
    }
  }
}

test("passes a container's end on to whoever waits for it", async () => {
  const script = new ScriptedEvents();
  script.streams.push([died("other", 1000), died("mine", 2000)]);
  const events = new ContainerEvents(script, timings);
  await new Promise<void>((resolve) => events.subscribe("mine", resolve));
  events.close();
});

test("opens the stream again when it breaks, from the last event on", async () => {
  const script = new ScriptedEvents();
  script.streams.push([died("other", 5000)], "refused", [died("mine", 9000)]);
  const events = new ContainerEvents(script, timings);
  await new Promise<void>((resolve) => events.subscribe("mine", resolve));
  events.close();
  assert.deepEqual(script.askedSince.slice(1, 3), [new Date(5000), new Date(5000)]);
});

test("has one stream for all, and none when nobody listens", async () => {
  const script = new ScriptedEvents();
  const events = new ContainerEvents(script, timings);
  const stops = ["a", "b", "c"].map((id) => events.subscribe(id, () => undefined));
  await until(() => script.open === 1);
  for (const stop of stops) stop();
  await until(() => script.open === 0);
  const again = events.subscribe("d", () => undefined);
  await until(() => script.open === 1);
  again();
  await until(() => script.open === 0);
});
