import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { HeapTrimmer } from "./heap-trimmer.ts";

/** A heap whose size the test says, and a clock that it turns. */
function rig(startBytes: number) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const heap = { bytes: startBytes, trims: 0, codeGivenUp: 0, mayGrow: true };
  let nowMs = 0;
  mock.method(performance, "now", () => nowMs);
  const trimmer = new HeapTrimmer({
    takenBytes: () => heap.bytes,
    trim({ givesUpCode }) {
      if (givesUpCode) heap.codeGivenUp += 1;
      else heap.trims += 1;
      heap.bytes = 10_000_000;
    },
    letGrow: (isAllowed) => (heap.mayGrow = isAllowed),
  });
  return {
    heap,
    trimmer,
    pass(ms: number) {
      for (let step = 0; step < ms; step += 100) {
        nowMs += 100;
        mock.timers.tick(100);
      }
    },
  };
}

test("a heap is trimmed once, two seconds after the last call", () => {
  const { heap, trimmer, pass } = rig(15_000_000);
  trimmer.noteCall();
  pass(1900);
  trimmer.noteCall();
  pass(1900);
  assert.equal(heap.trims, 0);
  pass(200);
  assert.equal(heap.trims, 1);
  pass(60_000);
  assert.equal(heap.trims, 1);
});

test("the next trim waits for its interval, and for growth that is worth it", () => {
  const { heap, trimmer, pass } = rig(15_000_000);
  trimmer.noteCall();
  pass(2100);
  heap.bytes = 15_900_000;
  trimmer.noteCall();
  pass(20_000);
  assert.equal(heap.trims, 1);
  heap.bytes = 16_500_000;
  trimmer.noteCall();
  pass(2100);
  assert.equal(heap.trims, 2);
  heap.bytes = 17_000_000;
  trimmer.noteCall();
  pass(7000);
  assert.equal(heap.trims, 2);
  pass(3500);
  assert.equal(heap.trims, 3);
});

test("code is given up once, a minute after the last call, however little the heap has grown", () => {
  const { heap, trimmer, pass } = rig(15_000_000);
  trimmer.noteCall();
  pass(59_000);
  trimmer.noteCall();
  pass(59_900);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [1, 0]);
  pass(200);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [1, 1]);
  pass(600_000);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [1, 1]);
  trimmer.noteCall();
  pass(60_000);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [1, 2]);
});

test("a trim that still waits for its interval is not lost to a minute of calm", () => {
  const { heap, trimmer, pass } = rig(15_000_000);
  trimmer.noteCall();
  pass(2100);
  heap.bytes = 40_000_000;
  trimmer.noteCall();
  pass(100_000);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [2, 1]);
});

test("a heap whose trim would hold up all else for long is left alone", () => {
  const { heap, trimmer, pass } = rig(41_000_000);
  trimmer.noteCall();
  pass(100_000);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [0, 0]);
});

test("nothing is trimmed after the plugin's end", () => {
  const { heap, trimmer, pass } = rig(15_000_000);
  trimmer.noteCall();
  trimmer[Symbol.dispose]();
  pass(100_000);
  assert.deepEqual([heap.trims, heap.codeGivenUp], [0, 0]);
});

test("the heap may grow while there are calls, also between two trims, and not while it is calm", () => {
  const { heap, trimmer, pass } = rig(15_000_000);
  assert.equal(heap.mayGrow, true);
  for (let burst = 0; burst < 3; burst += 1) {
    trimmer.noteCall();
    assert.equal(heap.mayGrow, true);
    pass(1900);
    trimmer.noteCall();
    pass(1900);
    assert.equal(heap.mayGrow, true);
    pass(200);
    assert.equal(heap.mayGrow, false);
  }
  assert.equal(heap.trims, 1);
});
