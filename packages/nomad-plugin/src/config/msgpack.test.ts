import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeMsgpack, decodeMsgpackRaw, encodeMsgpack } from "./msgpack.ts";
import type { HclValue } from "@driver/hcl/values";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

test("numbers take their smallest form", () => {
  const forms: readonly (readonly [HclValue, string])[] = [
    [5, "05"],
    [-1, "ff"],
    [128, "cc80"],
    [-500, "d1fe0c"],
    [2 ** 32, "cf0000000100000000"],
    [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
    [9223372036854775807n, "cf7fffffffffffffff"],
    [-9223372036854775808n, "d38000000000000000"],
    [12n, "0c"],
    [1.5, "cb3ff8000000000000"],
    [Infinity, "cb7ff0000000000000"],
  ];
  for (const [value, expected] of forms) assert.equal(hex(encodeMsgpack(value)), expected, String(value));
});

test("map keys are sorted, also those that look like numbers", () => {
  assert.equal(hex(encodeMsgpack({ b: 1, "9": 2, "10": 3, a: null })), "84a2313003a13902a161c0a16201");
});

test("64-bit integers become numbers where a number holds them", () => {
  assert.equal(decodeMsgpack(bytes("cf0000000000000005")), 5);
  assert.equal(decodeMsgpack(bytes("d3fffffffffffffffe")), -2);
  assert.equal(decodeMsgpack(bytes("cf0020000000000000")), 9007199254740992n);
});

test("bytes after the first value are ignored", () => {
  assert.deepEqual(decodeMsgpack(bytes("81a16101c1ff")), { a: 1 });
});

test("binary data is read as text", () => {
  assert.equal(decodeMsgpack(bytes("c4026869")), "hi");
});

test("empty, truncated, extended and oddly keyed input is refused", () => {
  for (const input of ["", "81a161", "a5616263", "d40000", "d6ff00000000", "810102", "81a95f5f70726f746f5f5f01"]) {
    assert.throws(() => decodeMsgpack(bytes(input)), Error, input);
  }
});

test("raw decoding keeps strings that are no text", () => {
  assert.deepEqual(decodeMsgpackRaw(bytes("82a161a2ff00a162c4017f")), { a: bytes("ff00"), b: bytes("7f") });
});

test("what is encoded decodes to the same value", () => {
  const scalar = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true }));
  const key = fc.string().filter((text) => text !== "__proto__");
  const { value } = fc.letrec<{ value: HclValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("value")), fc.dictionary(key, tie("value"))) as fc.Arbitrary<HclValue>,
  }));
  fc.assert(
    fc.property(value, (original) => {
      const text = (given: HclValue): string => JSON.stringify(sortKeys(given));
      assert.equal(text(decodeMsgpack(encodeMsgpack(original))), text(original));
    }),
  );
});

function sortKeys(value: HclValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, entry]) => [key, sortKeys(entry as HclValue)]);
}
