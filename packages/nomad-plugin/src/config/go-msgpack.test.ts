import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeGoMsgpack, type GoValue } from "./go-msgpack.ts";
import { decodeGoTime, encodeGoTime, goZeroTime } from "./go-time.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

test("each kind of value takes the form that Go's codec gives it", () => {
  const table: readonly (readonly [GoValue, string])[] = [
    [null, "c0"],
    [true, "c3"],
    [false, "c2"],
    [127, "7f"],
    [128, "d10080"],
    [8080, "d11f90"],
    [40000, "d200009c40"],
    [2 ** 40, "d30000010000000000"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-500, "d1fe0c"],
    [-40000, "d2ffff63c0"],
    [100000n, "ce000186a0"],
    [200n, "ccc8"],
    [5n, "05"],
    [300n, "cd012c"],
    [2n ** 63n, "cf8000000000000000"],
    [1.5, "cb3ff8000000000000"],
    ["abc", "a3616263"],
    [Uint8Array.of(255, 0), "a2ff00"],
    [["x", 1], "92a17801"],
    [{ b: 1, A: 2 }, "82a14102a16201"],
    [{ z: [], "10": {} }, "82a2313080a17a90"],
  ];
  for (const [value, expected] of table) assert.equal(hex(encodeGoMsgpack(value)), expected);
});

test("keys are sorted by their bytes", () => {
  // In UTF-16 the emoji comes before the ligature.
  assert.equal(hex(encodeGoMsgpack({ "\u{1f600}": 1, "\ufb01": 2, a: 3 })), "83a16103a3efac8102a4f09f988001");
});

test("long strings skip the forms that old decoders do not know", () => {
  assert.equal(hex(encodeGoMsgpack("a".repeat(31)).subarray(0, 1)), "bf");
  assert.equal(hex(encodeGoMsgpack("a".repeat(32)).subarray(0, 3)), "da0020");
  assert.equal(hex(encodeGoMsgpack("a".repeat(70_000)).subarray(0, 5)), "db00011170");
});

test("long lists and maps take 16-bit lengths", () => {
  assert.equal(hex(encodeGoMsgpack(Array.from({ length: 16 }, () => null)).subarray(0, 3)), "dc0010");
  assert.equal(
    hex(encodeGoMsgpack(Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, null]))).subarray(0, 3)),
    "de0010",
  );
});

test("a time takes Go's fifteen bytes and comes back", () => {
  const moment = new Date("2026-08-21T10:11:12.123Z");
  assert.equal(hex(encodeGoTime(moment)), "010000000ee21a1b400754d4c0ffff");
  assert.deepEqual(decodeGoTime(encodeGoTime(moment)), moment);
  const early = new Date("1969-12-31T23:59:59.999Z");
  assert.deepEqual(decodeGoTime(encodeGoTime(early)), early);
});

test("Go's own times are read: nanoseconds, another zone, sixteen bytes, zero", () => {
  assert.deepEqual(decodeGoTime(bytes("010000000ee21a1b40075bcd15ffff")), new Date("2026-08-21T10:11:12.123Z"));
  assert.deepEqual(decodeGoTime(bytes("010000000ee21a1b40075bcd150078")), new Date("2026-08-21T10:11:12.123Z"));
  assert.deepEqual(decodeGoTime(bytes("020000000ee21a1b40075bcd15007807")), new Date("2026-08-21T10:11:12.123Z"));
  assert.deepEqual(decodeGoTime(bytes(`01${"00".repeat(12)}ffff`)), goZeroTime());
  assert.equal(hex(encodeGoTime(goZeroTime())), `01${"00".repeat(12)}ffff`);
  assert.equal(goZeroTime().toISOString(), "0001-01-01T00:00:00.000Z");
});

test("what is no Go time is refused", () => {
  for (const text of ["", "03", "0100", `02${"00".repeat(14)}`, `01${"00".repeat(8)}ffffffffffff`, "017fffffffffffffff00000000ffff"]) {
    assert.throws(() => decodeGoTime(bytes(text)), RangeError, text);
  }
});
