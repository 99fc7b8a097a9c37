import assert from "node:assert/strict";
import { test } from "node:test";
import { planLog } from "./log-configuration.ts";

test("conmon writes a file that no limit cuts while somebody collects it, and a bounded one otherwise", () => {
  for (const collection of ["nomad", "driver"] as const) {
    assert.deepEqual(planLog({ kind: "file" }, collection), { driver: "k8s-file", size: 2 ** 50 });
    assert.deepEqual(planLog({ kind: "file", limitBytes: 65_536 }, collection), { driver: "k8s-file", size: 2 ** 50 });
  }
  assert.deepEqual(planLog({ kind: "file" }, "off"), { driver: "k8s-file", size: 10 * 1_048_576 });
  assert.deepEqual(planLog({ kind: "file", limitBytes: 65_536 }, "off"), { driver: "k8s-file", size: 65_536 });
});

test("conmon writes to the journal with the options that were set, or nowhere", () => {
  assert.deepEqual(planLog({ kind: "journal", options: {} }, "nomad"), { driver: "journald" });
  assert.deepEqual(planLog({ kind: "journal", options: { tag: "web" } }, "off"), { driver: "journald", options: { tag: "web" } });
  assert.deepEqual(planLog({ kind: "none" }, "driver"), { driver: "none" });
});
