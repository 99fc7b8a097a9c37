import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeat } from "./heartbeat.ts";

test("beats for every subscription until it ends", async () => {
  const heartbeat = new Heartbeat(1);
  let first = 0;
  let stopFirst: () => void = () => undefined;
  await new Promise<void>((resolve) => {
    stopFirst = heartbeat.subscribe(() => {
      first += 1;
      if (first === 3) resolve();
    });
  });
  stopFirst();
  const counted = first;
  let second = 0;
  const listener = (): void => void (second += 1);
  const stops = [heartbeat.subscribe(listener), heartbeat.subscribe(listener)];
  await new Promise<void>((resolve) => stops.push(heartbeat.subscribe(resolve)));
  assert.equal(second, 2);
  assert.equal(first, counted);
  for (const stop of stops) stop();
  heartbeat.close();
});

test("runs no timer for nobody", () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const heartbeat = new Heartbeat(60_000);
  const stop = heartbeat.subscribe(() => undefined);
  stop();
  stop();
  assert.equal(timers(), before);
  heartbeat.subscribe(() => undefined);
  heartbeat.close();
  assert.equal(timers(), before);
});
