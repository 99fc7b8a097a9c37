import assert from "node:assert/strict";
import { test } from "node:test";
import { processHeap } from "./process-heap.ts";

test("a trim gives back what nobody holds, and leaves the flag as it was", () => {
  processHeap.trim();
  const before = processHeap.takenBytes();
  let garbage: unknown[] = Array.from({ length: 300_000 }, (_, index) => ({ index }));
  assert.ok(processHeap.takenBytes() > before + 5_000_000);
  assert.equal(garbage.length, 300_000);
  garbage = [];
  processHeap.trim();
  assert.ok(processHeap.takenBytes() < before + 2_000_000);
  assert.equal("gc" in globalThis, false);
});
