import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { codeOf } from "./code-of.ts";

test("an error of the system's says its code, and anything else none", () => {
  assert.throws(() => readFileSync("/nowhere/at/all"), (error) => codeOf(error) === "ENOENT");
  const thrown = [new Error("no"), Object.assign(new Error("no"), { code: 5 }), { code: "ENOENT" }, "ENOENT", undefined];
  assert.deepEqual(thrown.map(codeOf), ["", "", "", "", ""]);
});
