import assert from "node:assert/strict";
import { test } from "node:test";
import { SliceBuffers } from "./slice-buffers.ts";

test("lends a slice again when it was given back, and empty", () => {
  const buffers = new SliceBuffers();
  const slice = buffers.take();
  slice.stdout.append(slice.input, 0, 10);
  slice.stderr.append(slice.input, 0, 20);
  assert.notEqual(buffers.take(), slice);
  buffers.giveBack(slice);
  assert.equal(buffers.take(), slice);
  assert.deepEqual([slice.input.length, slice.stdout.length, slice.stderr.length], [65_536, 0, 0]);
});

test("keeps few slices when many were lent", () => {
  const buffers = new SliceBuffers();
  const lent = Array.from({ length: 20 }, () => buffers.take());
  for (const slice of lent) buffers.giveBack(slice);
  const again = Array.from({ length: 20 }, () => buffers.take());
  assert.equal(again.filter((slice) => lent.includes(slice)).length, 4);
});
