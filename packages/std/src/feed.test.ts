import assert from "node:assert/strict";
import { test } from "node:test";
import { Feed, type FeedListener } from "./feed.ts";

/** Gives what it is told to, and says what became of it. */
class Scripted extends Feed<number> {
  listener: FeedListener<number> | undefined;
  follows = 0;
  closes = 0;

  follow(listener: FeedListener<number>): void {
    this.follows += 1;
    this.listener = listener;
  }

  close(): void {
    this.closes += 1;
    this.listener?.end();
  }
}

test("a loop reads the items of a feed, each when it asks for it, and ends with the feed", async () => {
  const feed = new Scripted();
  const reader = feed[Symbol.asyncIterator]();
  assert.equal(feed.follows, 0);
  const first = reader.next();
  assert.equal(feed.follows, 1);
  let isAsked = false;
  const taken = feed.listener?.take(1)?.then(() => (isAsked = true));
  assert.deepEqual(await first, { done: false, value: 1 });
  await new Promise(setImmediate);
  assert.equal(isAsked, false);
  const second = reader.next();
  await taken;
  void feed.listener?.take(2);
  assert.deepEqual(await second, { done: false, value: 2 });
  feed.listener?.end();
  assert.deepEqual([await reader.next(), await reader.next()], Array.from({ length: 2 }, () => ({ done: true, value: undefined })));
  assert.equal(feed.follows, 1);
});

test("a loop fails as the feed does, once, whether it waits just then or not", async () => {
  for (const waits of [true, false]) {
    const feed = new Scripted();
    const reader = feed[Symbol.asyncIterator]();
    let next = reader.next();
    if (!waits) {
      void feed.listener?.take(1);
      await next;
      feed.listener?.end(new Error("broken"));
      next = reader.next();
    } else feed.listener?.end(new Error("broken"));
    await assert.rejects(next, /broken/);
    assert.deepEqual(await reader.next(), { done: true, value: undefined });
  }
});

test("a loop that is left ends the feed", async () => {
  const feed = new Scripted();
  const read: number[] = [];
  const reading = (async () => {
    for await (const item of feed) {
      read.push(item);
      break;
    }
  })();
  void feed.listener?.take(1);
  await reading;
  assert.deepEqual([read, feed.closes], [[1], 1]);
});
