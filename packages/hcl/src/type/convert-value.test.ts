import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { HclValue } from "../value/hcl-value.ts";
import { convertValue } from "./convert-value.ts";
import { readType } from "./read-type.ts";

class Refused extends Error {
  readonly path: string;

  constructor(problem: string, path: string) {
    super(problem);
    this.path = path;
  }
}

const convert = (type: string, value: HclValue): HclValue =>
  convertValue(value, readType({ name: "type", text: type }), (problem, path) => new Refused(problem, path));

test("values are converted as HashiCorp's own conversion (cty 1.16) does", () => {
  const table: readonly (readonly [type: string, from: HclValue, to: HclValue])[] = [
    ["string", 1.1, "1.1"],
    ["string", 10n ** 23n, "100000000000000000000000"],
    ["string", true, "true"],
    ["string", null, null],
    ["number", "1E5", 100_000],
    ["number", "+7", 7],
    ["bool", "1", true],
    ["bool", "0", false],
    ["list(any)", ["a", 1], ["a", "1"]],
    ["list(any)", [true, "x"], ["true", "x"]],
    ["list(any)", [null, 1], [null, 1]],
    ["list(any)", [], []],
    ["list(any)", [[1], ["a"]], [["1"], ["a"]]],
    ["list(any)", [["a"], [1, 2]], [["a"], ["1", "2"]]],
    ["list(any)", [[], ["a"]], [[], ["a"]]],
    ["list(any)", [{ a: 1 }, { b: "x" }], [{ a: "1" }, { b: "x" }]],
    ["list(any)", [{ a: 1 }, { a: "x" }], [{ a: "1" }, { a: "x" }]],
    [
      "list(any)",
      [
        { a: 1, b: [1] },
        { a: "x", b: ["y"] },
      ],
      [
        { a: "1", b: ["1"] },
        { a: "x", b: ["y"] },
      ],
    ],
    ["list(any)", [{}, { a: 1 }], [{}, { a: 1 }]],
    ["map(any)", { a: 1, b: "x" }, { a: "1", b: "x" }],
    ["map(any)", { a: [1], b: ["x", "y"] }, { a: ["1"], b: ["x", "y"] }],
    ["map(any)", {}, {}],
    ["map(string)", { a: null }, { a: null }],
    ["map(list(any))", { x: ["a", 1] }, { x: ["a", "1"] }],
    ["list(list(any))", [["a", 1], [true]], [["a", "1"], ["true"]]],
    ["list(list(string))", [null, [1]], [null, ["1"]]],
    ["list(object({a=any}))", [{ a: 1 }, { a: "x" }], [{ a: "1" }, { a: "x" }]],
    ["set(string)", ["b", "a", "b"], ["a", "b"]],
    ["set(string)", [null, "a"], ["a", null]],
    ["set(any)", ["b", 1], ["1", "b"]],
    ["set(number)", [10, "9", 10], [9, 10]],
    ["set(bool)", [true, false], [false, true]],
    ["tuple([any, list(any)])", ["x", [1]], ["x", [1]]],
    ["object({a=string})", { a: 1, c: 2 }, { a: "1" }],
    ["any", [1, "a", { x: [true] }], [1, "a", { x: [true] }]],
  ];
  for (const [type, from, to] of table) assert.deepEqual(convert(type, from), to, type);
});

test("what it refuses is refused, with the way to the part that is meant", () => {
  const table: readonly (readonly [type: string, from: HclValue, path: string, problem: RegExp])[] = [
    ["string", [1], "", /^must be a string, not a list$/],
    ["bool", 1, "", /^must be a bool, not 1$/],
    ["bool", "True", "", /^must be a bool, not "True"$/],
    ["number", "1_000", "", /^must be a number, not "1_000"$/],
    ["list(any)", [1, true], "", /^is a list of any, so all its values must have one type$/],
    ["list(any)", [1, [2]], "", /one type/],
    ["list(any)", [{ a: 1 }, { b: [1] }], "", /one type/],
    ["map(any)", { a: 1, b: { c: "x" } }, "", /one type/],
    ["list(list(any))", [[1], [true]], "", /one type/],
    ["list(map(string))", { a: 1 }, "", /^must be a list of map of string, not a map$/],
    ["map(string)", [{ a: "b" }], "", /^must be a map of string, not a list$/],
    ["map(list(number))", { a: [1, "x"] }, ".a[1]", /^must be a number, not "x"$/],
    ["object({a=string})", {}, "", /^lacks a; it must be an object with a$/],
    ["object({a=object({b=bool})})", { a: { b: [] } }, ".a.b", /^must be a bool, not a list$/],
    ["tuple([string, number])", ["x"], "", /^must be a list of exactly 2 values, not a list$/],
  ];
  for (const [type, from, path, problem] of table)
    assert.throws(
      () => convert(type, from),
      (error) => error instanceof Refused && error.path === path && problem.test(error.message),
      type,
    );
});

test("converting a second time changes nothing", () => {
  const types = fc.constantFrom(
    "list(any)",
    "set(any)",
    "map(any)",
    "list(string)",
    "set(number)",
    "map(list(any))",
    "object({a=any, b=list(any)})",
  );
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constantFrom("1", "true", "1e3"));
  const { value } = fc.letrec<{ value: HclValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie("value")),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value")),
    ) as fc.Arbitrary<HclValue>,
  }));
  fc.assert(
    fc.property(types, value, (type, from) => {
      let once: HclValue;
      try {
        once = convert(type, from);
      } catch (error) {
        assert.ok(error instanceof Refused);
        return;
      }
      assert.deepEqual(convert(type, once), once);
    }),
    { numRuns: 2000 },
  );
});
