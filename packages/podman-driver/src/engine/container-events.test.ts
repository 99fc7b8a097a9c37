import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventFilter, PodmanEvent } from "@driver/libpod";
import { RecordedLog, until } from "@driver/testing";
import { ScriptedStreams } from "../../test/scripted-streams.ts";
import { ContainerEvents, type EventSource } from "./container-events.ts";

const timings = { shortestMs: 1, longestMs: 5 };
const died = (id: string, at: number): PodmanEvent => ({ id, at: new Date(at) });

/** An events endpoint that gives what the test puts in, one stream after the other. */
class ScriptedEvents extends ScriptedStreams<PodmanEvent> implements EventSource {
  readonly askedSince: (Date | undefined)[] = [];

  follow(filter: EventFilter, signal: AbortSignal): AsyncGenerator<PodmanEvent, void, undefined> {
    this.askedSince.push(filter.since);
    return this.next(signal);
  }
}

test("passes a container's end on to whoever waits for it", async () => {
  const script = new ScriptedEvents();
  script.streams.push([died("other", 1000), died("mine", 2000)]);
  const events = new ContainerEvents(script, new RecordedLog().logger, timings);
  await new Promise<void>((resolve) => events.subscribe("mine", resolve));
  events.close();
});

test("opens the stream again when it breaks, from the last event on", async () => {
  const script = new ScriptedEvents();
  script.streams.push([died("other", 5000)], new Error("refused"), [died("mine", 9000)]);
  const events = new ContainerEvents(script, new RecordedLog().logger, timings);
  await new Promise<void>((resolve) => events.subscribe("mine", resolve));
  events.close();
  assert.deepEqual(script.askedSince.slice(1, 3), [new Date(5000), new Date(5000)]);
});

test("has one stream for all, and none when nobody listens", async () => {
  const script = new ScriptedEvents();
  const events = new ContainerEvents(script, new RecordedLog().logger, timings);
  const stops = ["a", "b", "c"].map((id) => events.subscribe(id, () => undefined));
  await until(() => script.open === 1);
  for (const stop of stops) stop();
  await until(() => script.open === 0);
  const again = events.subscribe("d", () => undefined);
  await until(() => script.open === 1);
  again();
  await until(() => script.open === 0);
});

test("tells once why it cannot follow, each other reason too, and that it follows again", async () => {
  const script = new ScriptedEvents();
  const log = new RecordedLog();
  script.streams.push(...["refused", "refused", "reset", "reset"].map((text) => new Error(text)), [died("mine", 9000)]);
  const events = new ContainerEvents(script, log.logger, timings);
  await new Promise<void>((resolve) => events.subscribe("mine", resolve));
  events.close();
  assert.deepEqual(log.at("warn").map((text) => text.split(": ").at(-1)), ["refused", "reset"]);
  assert.deepEqual([log.at("debug").length, log.at("info").length], [2, 1]);
});

test("does not take a listener's mistake for the stream's, and passes the next event on", async () => {
  const script = new ScriptedEvents();
  const log = new RecordedLog();
  script.streams.push([died("broken", 1000), died("mine", 2000)]);
  const events = new ContainerEvents(script, log.logger, timings);
  events.subscribe("broken", () => {
    throw new TypeError("no such thing");
  });
  await new Promise<void>((resolve) => events.subscribe("mine", resolve));
  assert.deepEqual(script.askedSince.length, 1);
  assert.deepEqual(log.lines.map(({ level, fields }) => [level, fields["subject"]]), [["warn", "broken"]]);
  events.close();
});

test("says nothing when it is closed", async () => {
  const script = new ScriptedEvents();
  const log = new RecordedLog();
  const events = new ContainerEvents(script, log.logger, timings);
  events.subscribe("mine", () => undefined);
  await until(() => script.open === 1);
  events.close();
  await until(() => script.open === 0);
  assert.deepEqual(log.lines, []);
});
