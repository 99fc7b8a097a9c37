import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf } from "./message-of.ts";

test("an error says its message, and anything else itself", () => {
  const thrown = [new TypeError("no"), new TypeError(), "text", 5, undefined];
  assert.deepEqual(thrown.map(messageOf), ["no", "TypeError", "text", "5", "undefined"]);
});
