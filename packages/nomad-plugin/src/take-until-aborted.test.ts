import assert from "node:assert/strict";
import { test } from "node:test";
import { takeUntilAborted } from "./take-until-aborted.ts";

test("items pass until the source ends, and its error passes too", async () => {
  const signal = new AbortController().signal;
  const numbers = (async function* () {
    yield 1;
    yield 2;
  })();
  assert.deepEqual(await Array.fromAsync(takeUntilAborted(numbers, signal)), [1, 2]);
  const failing = (async function* () {
    yield 1;
    throw new Error("source failed");
  })();
  await assert.rejects(Array.fromAsync(takeUntilAborted(failing, signal)), { message: "source failed" });
});

test("an abort ends the loop while an item is awaited, and tells the source", async () => {
  const stop = new AbortController();
  let told = false;
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => ((told = true), { done: true, value: undefined }),
    }),
  };
  const taking = Array.fromAsync(takeUntilAborted(silent, stop.signal));
  stop.abort();
  assert.deepEqual(await taking, []);
  assert.equal(told, true);
});

test("a reader who leaves tells the source, and nothing comes after it", async () => {
  let told = false;
  const endless: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: 1 }),
      return: async () => ((told = true), { done: true, value: undefined }),
    }),
  };
  const items = takeUntilAborted(endless, new AbortController().signal);
  for await (const _item of items) break;
  assert.equal(told, true);
  assert.deepEqual(await items.next(), { done: true, value: undefined });
});

test("an abort before the first item takes none", async () => {
  assert.deepEqual(
    await Array.fromAsync(
      takeUntilAborted(
        (async function* () {
          yield 1;
        })(),
        AbortSignal.abort(),
      ),
    ),
    [],
  );
});

test("an item that fails after the abort is nobody's error", async () => {
  const stop = new AbortController();
  const item = Promise.withResolvers<IteratorResult<number>>();
  const taking = Array.fromAsync(takeUntilAborted({ [Symbol.asyncIterator]: () => ({ next: () => item.promise }) }, stop.signal));
  stop.abort();
  await taking;
  item.reject(new Error("late"));
  await assert.rejects(item.promise);
});
