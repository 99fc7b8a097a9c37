import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodeJson } from "./encode-json.ts";

describe("encodeJson", () => {
  test("writes what JSON.stringify writes", () => {
    const leaf = [
      fc.string({ unit: "binary" }),
      fc.maxSafeInteger(),
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    ];
    fc.assert(fc.property(fc.anything({ values: leaf }), (value) => assert.equal(encodeJson(value), JSON.stringify(value))));
  });

  test("keeps every digit of a bigint", () => {
    assert.equal(
      encodeJson({ r_limits: [{ type: "core", soft: 18446744073709551615n, hard: 0n }] }),
      '{"r_limits":[{"type":"core","soft":18446744073709551615,"hard":0}]}',
    );
  });

  test("leaves undefined members out", () => {
    assert.equal(encodeJson({ name: undefined, image: "x" }), '{"image":"x"}');
  });

  test("refuses a number it cannot write exactly and names its key", () => {
    assert.throws(
      () => encodeJson({ r_limits: [{ soft: 2 ** 64 }] }),
      /\$\.r_limits\[0\]\.soft = 18446744073709552000 is not exact; give whole numbers beyond 2\^53 as bigint/,
    );
    assert.throws(() => encodeJson({ cpu: Number.NaN }), /\$\.cpu = NaN/);
  });
});
