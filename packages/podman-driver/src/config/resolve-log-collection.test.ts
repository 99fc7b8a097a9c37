import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveLogCollection } from "./resolve-log-collection.ts";

test("the older key turns collection off, whatever the newer one says", () => {
  assert.equal(resolveLogCollection({ log_collection: "nomad", disable_log_collection: false }), "nomad");
  assert.equal(resolveLogCollection({ log_collection: "driver", disable_log_collection: false }), "driver");
  assert.equal(resolveLogCollection({ log_collection: "driver", disable_log_collection: true }), "off");
});
