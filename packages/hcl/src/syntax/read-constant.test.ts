import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HclError } from "../error/hcl-error.ts";
import type { HclValue } from "../value/hcl-value.ts";
import { toLiteralSource } from "../value/literal-source.ts";
import { readConstant } from "./read-constant.ts";

const readText = (text: string): HclValue => readConstant({ name: "schema", text });

test("the literals of defaults are evaluated", () => {
  const table: readonly (readonly [string, HclValue])[] = [
    ['"5m"', "5m"],
    ["true", true],
    [" null ", null],
    ["-5", -5],
    ["1.5", 1.5],
    ["0.1", 0.1],
    ["[]", []],
    ["[1, 2,]", [1, 2]],
    ["{ enabled = true }", { enabled: true }],
    ['{\n  driver = "nomad" # default\n  options = {}\n}', { driver: "nomad", options: {} }],
    ['{ "a b": [true], c = "x\\"y\\n" }', { "a b": [true], c: 'x"y\n' }],
    ['"$${A} %%{B} \\u00e9"', "${A} %{B} é"],
  ];
  for (const [source, expected] of table) assert.deepEqual(readText(source), expected, source);
});

test("what is no literal is refused with its place", () => {
  for (const source of ["", "foo", "max(1)", "[1", "{ a }", '"${x}"', "1 2", '"a', '"\\q"', "true.x"]) {
    assert.throws(
      () => readText(source),
      (error) => error instanceof HclError && error.position !== undefined,
      source,
    );
  }
});

test("every value written as a literal is read back", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("${a}", "%{b}", "$${c}", "\b\f\\b", "$", "%{"));
  const scalar = fc.oneof(text, fc.boolean(), fc.constant(null), fc.integer());
  const { value } = fc.letrec<{ value: HclValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("value")), fc.dictionary(fc.string(), tie("value"))) as fc.Arbitrary<HclValue>,
  }));
  fc.assert(fc.property(value, (original) => assert.deepEqual(readText(toLiteralSource(original)), asPlain(original))));
});

function asPlain(value: HclValue): HclValue {
  return JSON.parse(JSON.stringify(value)) as HclValue;
}
