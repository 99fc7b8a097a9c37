import assert from "node:assert/strict";
import { test } from "node:test";
import { HclError } from "../error/hcl-error.ts";
import { readType } from "./read-type.ts";
import { describeType, type ValueType } from "./value-type.ts";

const readText = (text: string): ValueType => readType({ name: "schema", text });

test("type expressions are read", () => {
  assert.deepEqual(readText("string"), { kind: "string" });
  assert.deepEqual(readText(" list( map(number) ) "), { kind: "list", element: { kind: "map", element: { kind: "number" } } });
  assert.deepEqual(readText("tuple([string, bool,])"), { kind: "tuple", elements: [{ kind: "string" }, { kind: "bool" }] });
  assert.deepEqual(readText('object({a = set(any), "b-c" = string\n d=bool})'), {
    kind: "object",
    attributes: { a: { kind: "set", element: { kind: "any" } }, "b-c": { kind: "string" }, d: { kind: "bool" } },
  });
});

test("wrong type expressions are refused with their place", () => {
  const refused: readonly (readonly [text: string, column: number, message: RegExp])[] = [
    ["", 1, /expected a value/],
    ["strng", 1, /^type strng: unknown; did you mean "string"\?; known are any, string/],
    ["list", 1, /^type list: needs the type of its elements, as in list\(string\)$/],
    ["list()", 1, /must be a type such as/],
    ["list(string", 12, /expected ,/],
    ["list(string))", 13, /expected the end/],
    ["list(strin)", 6, /did you mean "string"/],
    ["tuple(string)", 1, /needs a list of types/],
    ["object({a})", 10, /expected :/],
    ["object({a = string b = bool})", 20, /expected }/],
    ["map(string, string)", 1, /must be a type such as/],
    ["1", 1, /must be a type such as/],
  ];
  for (const [text, column, message] of refused) {
    const isRight = (error: unknown): boolean =>
      error instanceof HclError && error.position?.column === column && message.test(error.message);
    assert.throws(() => readText(text), isRight, text);
  }
});

test("a type nested endlessly is refused instead of running out of stack", () => {
  assert.throws(() => readText("list(".repeat(50_000)), /nested too deeply/);
});

test("types are named in words", () => {
  assert.equal(describeType(readText("list(map(string))")), "a list of map of string");
  assert.equal(describeType(readText("object({a=string})")), "an object with a");
});
