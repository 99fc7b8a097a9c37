import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { settleOrAbort } from "./settle-or-abort.ts";

test("gives the outcome of the work, and leaves nothing on the signal", async () => {
  const { signal } = new AbortController();
  assert.equal(await settleOrAbort(Promise.resolve(7), signal), 7);
  await assert.rejects(settleOrAbort(Promise.reject(new Error("broken")), signal), /broken/);
  await new Promise(setImmediate);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("gives the reason of a waiter who leaves, and lets the work go on", async () => {
  const work = Promise.withResolvers<number>();
  const leaving = new AbortController();
  const [leaver, stayer] = [settleOrAbort(work.promise, leaving.signal), settleOrAbort(work.promise, new AbortController().signal)];
  leaving.abort(new Error("enough"));
  await assert.rejects(leaver, /enough/);
  assert.throws(() => settleOrAbort(work.promise, leaving.signal), /enough/);
  work.resolve(8);
  assert.equal(await stayer, 8);
});
