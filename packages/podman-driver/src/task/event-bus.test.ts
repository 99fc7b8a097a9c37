import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskEvent } from "@driver/nomad-plugin";
import { EventBus } from "./event-bus.ts";

const event = (number: number): TaskEvent => ({
  taskId: "t",
  taskName: "web",
  allocId: "a",
  timestamp: new Date(0),
  message: String(number),
  annotations: {},
});

/** Takes events until it has `count`; events reach it from the next turn on. */
async function collect(bus: EventBus, count: number, signal = new AbortController().signal): Promise<string[]> {
  const messages: string[] = [];
  for await (const { message } of bus.follow(signal)) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

test("hands every event to every consumer, in order", async () => {
  const bus = new EventBus();
  const both = [collect(bus, 3), collect(bus, 3)];
  for (const number of [1, 2, 3]) bus.emit(event(number));
  assert.deepEqual(await Promise.all(both), [["1", "2", "3"], ["1", "2", "3"]]);
});

test("loses events that nobody follows", async () => {
  const bus = new EventBus();
  bus.emit(event(1));
  const later = collect(bus, 1);
  bus.emit(event(2));
  assert.deepEqual(await later, ["2"]);
});

test("drops the oldest for a consumer that does not keep up, and delays nobody", async () => {
  const bus = new EventBus();
  const slow = bus.follow(new AbortController().signal);
  const first = slow.next();
  bus.emit(event(0));
  await first;
  for (let number = 1; number <= 1000; number += 1) bus.emit(event(number));
  const next = await slow.next();
  assert.equal(next.value?.message, String(1000 - 255));
  await slow.return(undefined);
});

test("ends quietly with the signal, while it waits and before it begins", async () => {
  const bus = new EventBus();
  const stop = new AbortController();
  const waiting = collect(bus, 1, stop.signal);
  stop.abort();
  assert.deepEqual(await waiting, []);
  assert.deepEqual(await collect(bus, 1, stop.signal), []);
});
