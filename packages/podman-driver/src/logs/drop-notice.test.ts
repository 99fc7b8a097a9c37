import assert from "node:assert/strict";
import { test } from "node:test";
import { DropNotice } from "./drop-notice.ts";

function start(): { readonly notice: DropNotice; readonly told: number[]; wait(ms: number): void } {
  const told: number[] = [];
  let nowMs = 5;
  const notice = new DropNotice({ tell: (lostBytes) => void told.push(lostBytes), nowMs: () => nowMs });
  return { notice, told, wait: (ms) => void (nowMs += ms) };
}

test("tells the first loss at once, and then their sum once a minute", () => {
  const { notice, told, wait } = start();
  notice.add(0);
  notice.add(10);
  assert.deepEqual(told, [10]);
  for (let beat = 0; beat < 60; beat += 1) {
    wait(2000);
    notice.add(100);
  }
  assert.deepEqual(told, [10, 3000, 3000]);
});

test("tells a last sum when its time has come, and at the end", () => {
  const { notice, told, wait } = start();
  notice.add(1);
  notice.add(2);
  wait(59_999);
  notice.add(0);
  assert.deepEqual(told, [1]);
  wait(1);
  notice.add(0);
  assert.deepEqual(told, [1, 2]);
  notice.add(3);
  notice.finish();
  notice.finish();
  assert.deepEqual(told, [1, 2, 3]);
});
