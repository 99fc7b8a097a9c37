import assert from "node:assert/strict";
import { test } from "node:test";
import { describeType, parseTypeExpression } from "./type-expression.ts";

test("type expressions are parsed", () => {
  assert.deepEqual(parseTypeExpression("string"), { kind: "string" });
  assert.deepEqual(parseTypeExpression("null"), { kind: "any" });
  assert.deepEqual(parseTypeExpression(" list( map(number) ) "), { kind: "list", element: { kind: "map", element: { kind: "number" } } });
  assert.deepEqual(parseTypeExpression("tuple([string, bool,])"), { kind: "tuple", elements: [{ kind: "string" }, { kind: "bool" }] });
  assert.deepEqual(parseTypeExpression('object({a = set(any), "b-c" = string\n d=bool})'), {
    kind: "object",
    attributes: { a: { kind: "set", element: { kind: "any" } }, "b-c": { kind: "string" }, d: { kind: "bool" } },
  });
});

test("wrong type expressions are refused", () => {
  for (const source of ["", "text", "list", "list()", "list(string", "list(string))", "tuple(string)", "object({a})"]) {
    assert.throws(() => parseTypeExpression(source), /schema expression/, source);
  }
});

test("types are named in words", () => {
  assert.equal(describeType(parseTypeExpression("list(map(string))")), "a list of map of string");
  assert.equal(describeType(parseTypeExpression("object({a=string})")), "an object with a");
});
