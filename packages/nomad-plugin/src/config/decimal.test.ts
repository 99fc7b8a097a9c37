import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDecimal, toDecimalText, toNumber, toText, toWireNumber } from "./decimal.ts";

const wireOf = (text: string): number | bigint | string => {
  const decimal = parseDecimal(text);
  assert.ok(decimal !== undefined, text);
  return toWireNumber(toNumber(decimal));
};

test("a number is sent as integer, float or text, whichever holds it exactly", () => {
  const table: readonly (readonly [string, number | bigint | string])[] = [
    ["2.0", 2], ["1e3", 1000], ["-0", 0], ["1.5", 1.5], [".25", 0.25], ["5.", 5], ["+7", 7],
    ["0.1", "0.1"], ["1e-7", "0.0000001"], ["-0.10", "-0.1"],
    ["9223372036854775807", 9223372036854775807n], ["9223372036854775808", "9223372036854775808"],
    ["18446744073709551615", "18446744073709551615"], ["1e20", "100000000000000000000"],
  ];
  for (const [text, expected] of table) assert.equal(wireOf(text), expected, text);
  assert.equal(toWireNumber(1e20), "100000000000000000000");
  assert.equal(toWireNumber(0.1), "0.1");
  assert.equal(toWireNumber(Infinity), Infinity);
});

test("what HCL does not take for a number is none", () => {
  for (const text of ["", " 5", "0x10", "five", "1e", ".", "1_000", "Inf", "NaN"]) assert.equal(parseDecimal(text), undefined, text);
});

test("numbers turn into plain digits", () => {
  assert.equal(toText(1e21), "1000000000000000000000");
  assert.equal(toText(1.5e-8), "0.000000015");
  assert.equal(toText(-12.5), "-12.5");
  assert.equal(toText(true), "true");
});

test("the text of a double reads back as the same double", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const decimal = parseDecimal(String(value));
      assert.ok(decimal !== undefined);
      assert.equal(Number(toDecimalText(decimal)), value + 0);
    }),
  );
});
