import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName } from "./nearest-name.ts";

test("a misspelt name finds its neighbour, a foreign one finds none", () => {
  const known = ["image", "init", "labels", "network_mode", "working_dir"];
  const table: readonly (readonly [string, string | undefined])[] = [
    ["imag", "image"], ["imgae", "image"], ["Image", "image"], ["label", "labels"], ["networkmode", "network_mode"], ["work_dir", "working_dir"], ["zebra", undefined],
  ];
  for (const [name, expected] of table) assert.equal(nearestName(name, known), expected, name);
});
