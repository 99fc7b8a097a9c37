import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { testSetting } from "@driver/testing";
import manifest from "../package.json" with { type: "json" };

test("the built file alone in an empty folder runs without Node, whatever NODE_OPTIONS says", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "built-file-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "nomad-driver-podman");
  copyFileSync(testSetting("TEST_PLUGIN"), program);
  const result = spawnSync(program, ["version"], { cwd: folder, env: { PATH: "", NODE_OPTIONS: "--no-such-option" }, encoding: "utf8" });
  assert.deepEqual([result.status, result.stdout, result.stderr], [0, `nomad-driver-podman v${manifest.version}\n`, ""]);
});
