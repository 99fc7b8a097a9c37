import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteRun } from "./byte-run.ts";

const source = Buffer.from("0123456789");

test("puts pieces together and begins anew when cleared", () => {
  for (const keptBytes of [0, 4, 100]) {
    const run = new ByteRun(keptBytes);
    run.append(source, 2, 5);
    run.append(source, 5, 5);
    run.append(source, 0, 10);
    assert.deepEqual([run.bytes.toString(), run.length], ["2340123456789", 13]);
    run.clear();
    assert.equal(run.length, 0);
    run.append(source, 9, 10);
    assert.equal(run.bytes.toString(), "9");
  }
});

test("has no memory before its first byte, and keeps no more than it was told to", () => {
  const run = new ByteRun(64);
  assert.equal(run.bytes.buffer.byteLength, 0);
  run.append(source, 0, 10);
  assert.equal(run.bytes.buffer.byteLength, 64);
  run.append(Buffer.alloc(1000), 0, 1000);
  run.clear();
  assert.equal(run.bytes.buffer.byteLength, 0);
});
