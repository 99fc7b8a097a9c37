import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMemorySize } from "./parse-memory-size.ts";

test("sizes are read in bytes", () => {
  const table: readonly (readonly [string, number])[] = [
    ["100", 100],
    ["0", 0],
    ["100b", 100],
    ["64k", 65_536],
    ["100m", 104_857_600],
    ["100M", 104_857_600],
    ["64mb", 67_108_864],
    ["64MiB", 67_108_864],
    ["1.5g", 1_610_612_736],
    ["2 GB", 2_147_483_648],
    ["1t", 1_099_511_627_776],
    ["1.5", 1],
  ];
  for (const [text, bytes] of table) assert.equal(parseMemorySize(text, { key: "shm_size" }), bytes, text);
});

test("-1 means no limit only where that is allowed", () => {
  assert.equal(parseMemorySize("-1", { key: "memory_swap", allowUnlimited: true }), -1);
  assert.throws(() => parseMemorySize("-1", { key: "shm_size" }), /config key shm_size: "-1" is not a size/);
});

test("what is no size is refused with key, value and the right form", () => {
  for (const text of ["", "m", "-5m", "64x", "64mbb", "1,5g", "0x10", "1e3", "9999999t"]) {
    assert.throws(() => parseMemorySize(text, { key: "memory_swap", allowUnlimited: true }), {
      code: "config-invalid",
      message:
        `config key memory_swap: ${JSON.stringify(text)} is not a size; write a number with a unit, e.g. 64m or 1.5g, or -1 for ` +
        "no limit",
    });
  }
});
