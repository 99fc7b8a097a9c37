import assert from "node:assert/strict";
import { test } from "node:test";
import { hasSubordinateIds } from "./rootless.ts";

const table = "alice:100000:65536\n1002:165536:65536\nbob:300000:1000\n";

test("subordinate ids are found by name and by number", () => {
  assert.equal(hasSubordinateIds(table, "alice", 1001), true);
  assert.equal(hasSubordinateIds(table, "carol", 1002), true);
});

test("too few ids, or somebody else's, are none", () => {
  assert.equal(hasSubordinateIds(table, "bob", 1003), false);
  assert.equal(hasSubordinateIds(table, "ali", 1004), false);
  assert.equal(hasSubordinateIds("", "alice", 1001), false);
});
