import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProcess } from "@driver/testing";

const script = fileURLToPath(new URL("./test-nomad.ts", import.meta.url));

test("the tests on a real agent refuse a NOMAD_BIN that is no Nomad, and name it", async () => {
  const env = { ...process.env, NOMAD_BIN: "/nowhere/nomad" };
  const result = await runProcess(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    env,
    signal: AbortSignal.timeout(120_000),
  });
  assert.equal(result.code, 1);
  assert.equal(result.stderr, "/nowhere/nomad version does not run. NOMAD_BIN must name a Nomad executable.\n");
});
