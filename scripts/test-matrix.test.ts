import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { runProcess, type ProcessResult } from "@driver/testing";

const script = fileURLToPath(new URL("./test-matrix.ts", import.meta.url));

/** `--short` with an mmdebstrap that does as `mmdebstrap` says, and nothing kept from before. */
async function runShortForm(context: TestContext, mmdebstrap: string): Promise<ProcessResult> {
  const folder = mkdtempSync(join(tmpdir(), "matrix-"));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "mmdebstrap"), `#!/bin/sh\n${mmdebstrap}\n`, { mode: 0o755 });
  const args = ["--disable-warning=ExperimentalWarning", script, "--short", "--cache", join(folder, "cache")];
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
  return runProcess(process.execPath, args, { env, signal: AbortSignal.timeout(120_000) });
}

test("the short form says what it skips, a release that no mirror serves among it, and is not red for that", async (context) => {
  const { code, stdout, stderr } = await runShortForm(context, 'echo "E: nothing is there" >&2; exit 1');
  assert.equal(code, 0, stderr);
  const skipped = [...stdout.matchAll(/^SKIPPED ([^:]+): (.+)$/gm)].map(([, what = "", reason = ""]) => [what, reason]);
  const reasons = new Map(skipped.map(([what = "", reason = ""]) => [what, reason]));
  for (const what of ["installed", "bullseye", "sid", "experimental", "cgroup v2 with systemd"]) assert.ok(reasons.has(what), stdout);
  assert.deepEqual([...reasons].filter(([, reason]) => reason === "E: nothing is there").map(([what]) => what), [
    reasons.has("bookworm") && reasons.get("bookworm") !== "E: nothing is there" ? "trixie" : "bookworm",
  ]);
});

test("the short form is red where no test ran", async (context) => {
  const findFolder = "for last; do former=$target; target=$last; done";
  const { code, stdout } = await runShortForm(context, `${findFolder}; mkdir -p "$former/usr/sbin" "$former/etc/containers"`);
  assert.equal(code, 1, stdout);
});
