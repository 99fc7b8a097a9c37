import assert from "node:assert/strict";
import { test } from "node:test";
import type { HclValue } from "./hcl-value.ts";
import { toBool, toNumber, toText } from "./scalar.ts";

// All of this is what HashiCorp's own conversion (cty 1.16) answers.

test("numbers turn into plain digits", () => {
  const table: readonly (readonly [HclValue, string | undefined])[] = [
    [1e21, "1000000000000000000000"],
    [10n ** 23n, "100000000000000000000000"],
    [1.5e-8, "0.000000015"],
    [-12.5, "-12.5"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
    [true, "true"],
    ["a", "a"],
    [null, undefined],
    [[], undefined],
    [{}, undefined],
  ];
  for (const [value, text] of table) assert.equal(toText(value), text, String(text));
});

test("text that is a number passes for one", () => {
  const table: readonly (readonly [HclValue, number | bigint | undefined])[] = [
    ["5", 5],
    ["+7", 7],
    ["5.", 5],
    [".25", 0.25],
    ["-0.10", -0.1],
    ["1E5", 100_000],
    ["1e23", 10n ** 23n],
    ["inf", Infinity],
    ["-Inf", -Infinity],
    ["0x10", undefined],
    ["1_000", undefined],
    [" 5", undefined],
    ["", undefined],
    ["1e", undefined],
    ["five", undefined],
    [7, 7],
    [true, undefined],
    [null, undefined],
    [[1], undefined],
  ];
  for (const [value, number] of table) assert.equal(toNumber(value), number, String(value));
});

test("true and 1, false and 0 as text pass for a bool, nothing else does", () => {
  const table: readonly (readonly [HclValue, boolean | undefined])[] = [
    ["true", true],
    ["1", true],
    ["false", false],
    ["0", false],
    [true, true],
    ["True", undefined],
    ["yes", undefined],
    [1, undefined],
    [0, undefined],
    [null, undefined],
  ];
  for (const [value, bool] of table) assert.equal(toBool(value), bool, String(value));
});
