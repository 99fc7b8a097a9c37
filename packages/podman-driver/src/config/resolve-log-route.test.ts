import assert from "node:assert/strict";
import { test } from "node:test";
import { pluginSchema } from "./plugin-schema.ts";
import { reportAll } from "./report.ts";
import { resolveLogRoute } from "./resolve-log-route.ts";

const plain = pluginSchema.decode(new Uint8Array());
const resolve = (options: typeof plain): ReturnType<typeof resolveLogRoute> => reportAll((report) => resolveLogRoute(options, report));

test("an operator who says nothing has Nomad collect from conmon's file", () => {
  assert.deepEqual(resolve(plain), {
    from: { kind: "file" },
    to: { by: "nomad", files: { maxFiles: 10, maxFileBytes: 10 * 1_048_576 } },
  });
});

test("the older key turns collection off, whatever the newer one says", () => {
  const collectorOf = (options: Partial<typeof plain>): string => resolve({ ...plain, ...options }).to.by;
  assert.equal(collectorOf({ log_collection: "driver" }), "driver");
  assert.equal(collectorOf({ log_collection: "off" }), "off");
  assert.equal(collectorOf({ log_collection: "driver", disable_log_collection: true }), "off");
});
