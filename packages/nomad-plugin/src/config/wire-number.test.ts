import assert from "node:assert/strict";
import { test } from "node:test";
import { toNumber } from "@driver/hcl/values";
import { toWireNumber } from "./wire-number.ts";

const wireOf = (text: string): number | bigint | string => toWireNumber(toNumber(text) ?? assert.fail(text));

test("a number is sent as integer, float or text, whichever holds it exactly", () => {
  const table: readonly (readonly [string, number | bigint | string])[] = [
    ["2.0", 2],
    ["1e3", 1000],
    ["-0", 0],
    ["1.5", 1.5],
    [".25", 0.25],
    ["5.", 5],
    ["+7", 7],
    ["0.1", "0.1"],
    ["1e-7", "0.0000001"],
    ["-0.10", "-0.1"],
    ["9223372036854775807", 9223372036854775807n],
    ["9223372036854775808", "9223372036854775808"],
    ["18446744073709551615", "18446744073709551615"],
    ["1e20", "100000000000000000000"],
  ];
  for (const [text, expected] of table) assert.equal(wireOf(text), expected, text);
  assert.equal(toWireNumber(1e20), "100000000000000000000");
  assert.equal(toWireNumber(0.1), "0.1");
  assert.equal(toWireNumber(Infinity), Infinity);
});
