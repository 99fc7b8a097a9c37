import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SharedOutcome } from "./shared-outcome.ts";

test("gives every waiter the outcome, also one who comes late, and leaves nothing on a signal", async () => {
  const work = Promise.withResolvers<number>();
  const shared = new SharedOutcome(work.promise);
  const { signal } = new AbortController();
  const early = shared.wait(signal);
  work.resolve(7);
  assert.deepEqual([await early, await shared.wait(signal)], [7, 7]);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("gives the reason of one who leaves, and the others the outcome", async () => {
  const work = Promise.withResolvers<number>();
  const shared = new SharedOutcome(work.promise);
  const leaving = new AbortController();
  const [leaver, stayer] = [shared.wait(leaving.signal), shared.wait(new AbortController().signal)];
  leaving.abort(new Error("enough"));
  await assert.rejects(leaver, /enough/);
  await assert.rejects(shared.wait(leaving.signal), /enough/);
  work.reject(new Error("broken"));
  await assert.rejects(stayer, /broken/);
});

test("keeps none of those who have left", async () => {
  const shared = new SharedOutcome(new Promise<never>(() => undefined));
  const left: WeakRef<AbortSignal>[] = [];
  for (let times = 0; times < 50; times += 1) {
    const leaving = new AbortController();
    left.push(new WeakRef(leaving.signal));
    const waiting = shared.wait(leaving.signal);
    leaving.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
  }
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  await new Promise(setImmediate);
  collect();
  assert.ok(left.filter((one) => one.deref() !== undefined).length <= 1);
});
