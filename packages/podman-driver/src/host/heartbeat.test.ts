import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedLog, until } from "@driver/testing";
import { RepeatedFailure } from "../repeated-failure.ts";
import { Heartbeat } from "./heartbeat.ts";

const beating = (intervalMs: number, log = new RecordedLog()): Heartbeat =>
  new Heartbeat(new RepeatedFailure(log.logger, "look"), intervalMs);

test("beats for every subscription until it ends", async () => {
  const heartbeat = beating(1);
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
  const heartbeat = beating(60_000);
  const stop = heartbeat.subscribe(() => undefined);
  stop();
  stop();
  assert.equal(timers(), before);
  heartbeat.subscribe(() => undefined);
  heartbeat.close();
  assert.equal(timers(), before);
});

test("goes on for all when a listener throws, calls that one again, and tells it once", async () => {
  const log = new RecordedLog();
  const heartbeat = beating(1, log);
  let failing = true;
  let calls = 0;
  heartbeat.subscribe(() => {
    calls += 1;
    if (failing) throw new Error("ELOOP: too many symbolic links encountered");
  });
  let others = 0;
  heartbeat.subscribe(() => void (others += 1));
  await until(() => calls >= 3 && others >= 3);
  assert.deepEqual(log.at("warn"), ["look: Error: ELOOP: too many symbolic links encountered"]);
  failing = false;
  await until(() => log.at("info").length > 0);
  heartbeat.close();
});
