import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { HealthChanges } from "./health-changes.ts";

interface StartedChanges {
  readonly changes: HealthChanges;
  readonly told: string[];
  /** Changes the health that often. */
  flap(count: number): void;
}

function startChanges({ mock: { timers } }: TestContext): StartedChanges {
  timers.enable({ apis: ["setInterval"] });
  const told: string[] = [];
  const changes = new HealthChanges((status, count) => told.push(`${status} ${count}`));
  const flap = (count: number): void => {
    for (let index = 0; index < count; index++) changes.note(index % 2 === 0 ? "unhealthy" : "healthy");
  };
  return { changes, told, flap };
}

test("tells the first changes at once, and of the others one in 30 s that counts them", (context) => {
  const { timers } = context.mock;
  const { told, flap } = startChanges(context);
  flap(4);
  assert.deepEqual(told.splice(0), ["unhealthy 1", "healthy 1", "unhealthy 1", "healthy 1"]);
  flap(7);
  timers.tick(29_999);
  assert.deepEqual(told, []);
  timers.tick(1);
  assert.deepEqual(told.splice(0), ["unhealthy 7"]);
  flap(1);
  timers.tick(30_000);
  assert.deepEqual(told.splice(0), ["unhealthy 1"]);
});

test("a check that flaps for an hour makes no more than one event in 30 s", (context) => {
  const { told, flap } = startChanges(context);
  for (let second = 0; second < 3600; second++) {
    flap(1);
    context.mock.timers.tick(1000);
  }
  assert.equal(told.length, 4 + 120);
  assert.equal(told.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0), 3600);
});

test("a quiet 30 s make up for one of the first", (context) => {
  const { told, flap } = startChanges(context);
  flap(4);
  context.mock.timers.tick(60_000);
  told.length = 0;
  flap(5);
  assert.deepEqual(told, ["unhealthy 1", "healthy 1"]);
  context.mock.timers.tick(30_000);
  assert.deepEqual(told.slice(2), ["unhealthy 3"]);
  context.mock.timers.tick(10 * 60_000);
  flap(5);
  assert.equal(told.length, 3 + 4);
});

test("tells at the end what is held back, and nothing after it was closed", (context) => {
  const { timers } = context.mock;
  const ended = startChanges(context);
  ended.flap(6);
  ended.changes.end();
  timers.tick(60_000);
  assert.deepEqual(ended.told.slice(4), ["healthy 2"]);
  timers.reset();
  const closed = startChanges(context);
  closed.flap(6);
  closed.changes.close();
  timers.tick(60_000);
  assert.equal(closed.told.length, 4);
});
