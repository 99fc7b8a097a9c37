import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TailBuffer } from "./tail-buffer.ts";

test("keeps the last bytes, however they come", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 20 }), fc.integer({ min: 1, max: 30 }), (chunks, limit) => {
      const tail = new TailBuffer(limit);
      for (const chunk of chunks) tail.append(chunk);
      assert.deepEqual(Buffer.from(tail.bytes()), Buffer.concat(chunks).subarray(-limit));
    }),
  );
});

test("keeps its bytes when the chunk's memory is used again", () => {
  const tail = new TailBuffer(4);
  const chunk = Buffer.from("abcdef");
  tail.append(chunk);
  chunk.fill(0);
  assert.equal(Buffer.from(tail.bytes()).toString(), "cdef");
});
