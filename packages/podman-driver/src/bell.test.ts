import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Bell } from "./bell.ts";

const { signal } = new AbortController();

test("wakes who waits, and keeps a ring for the next who does", async () => {
  const bell = new Bell();
  const waiting = bell.wait(20_000, signal);
  bell.ring();
  assert.equal(await waiting, true);
  bell.ring();
  bell.ring();
  assert.equal(await bell.wait(20_000, signal), true);
  assert.equal(await bell.wait(1, signal), false);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("rejects with the reason of who leaves", async () => {
  const stop = new AbortController();
  const waiting = new Bell().wait(20_000, stop.signal);
  stop.abort(new Error("has left"));
  await assert.rejects(waiting, /has left/);
  await assert.rejects(new Bell().wait(20_000, stop.signal), /has left/);
});
