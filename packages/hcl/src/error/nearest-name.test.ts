import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestName, suggestName } from "./nearest-name.ts";

const known = ["image", "init", "memory", "memory_max", "driver", "kill_timeout", "labels", "working_dir", "network_mode", "to"];

const cases: readonly (readonly [name: string, nearest: string | undefined])[] = [
  ["imgae", "image"],
  ["Image", "image"],
  ["memroy", "memory"],
  ["memorymax", "memory_max"],
  ["killTimeout", "kill_timeout"],
  ["drivers", "driver"],
  ["imag", "image"],
  ["label", "labels"],
  ["networkmode", "network_mode"],
  ["work_dir", "working_dir"],
  ["t", "to"],
  ["ot", undefined],
  ["zebra", undefined],
  ["volume", undefined],
  ["x", undefined],
];

for (const [name, nearest] of cases) {
  test(`takes ${name} for ${nearest ?? "nothing it knows"}`, () => {
    assert.equal(nearestName(name, known), nearest);
  });
}

test("says nothing where nothing is near", () => {
  assert.equal(suggestName("volume", known), "");
  assert.equal(suggestName("driver_", known), '; did you mean "driver"?');
});
