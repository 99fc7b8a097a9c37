import assert from "node:assert/strict";
import { test } from "node:test";
import { messageOf } from "./message-of.ts";

test("an error says its message, and anything else itself", () => {
  assert.deepEqual([new TypeError("no"), "text", 5, undefined].map(messageOf), ["no", "text", "5", "undefined"]);
});
