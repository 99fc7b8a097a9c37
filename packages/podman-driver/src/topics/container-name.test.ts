import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toContainerName } from "./container-name.ts";

test("is the Go driver's name, and left alone where Podman takes it", () => {
  assert.equal(toContainerName("web", "5e1f-01"), "web-5e1f-01");
  assert.equal(toContainerName("Web_1.2-x", "a"), "Web_1.2-x-a");
});

test("replaces what Podman refuses", () => {
  assert.equal(toContainerName("my task/é", "a"), "my_task__-a");
  assert.equal(toContainerName("_x", "a"), "t_x-a");
  assert.equal(toContainerName("", "a"), "t-a");
});

test("is a name that Podman takes, and the same each time", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.uuid(), (task, allocId) => {
      const name = toContainerName(task, allocId);
      assert.match(name, /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/);
      assert.ok(name.endsWith(allocId));
      assert.equal(toContainerName(task, allocId), name);
    }),
  );
});
