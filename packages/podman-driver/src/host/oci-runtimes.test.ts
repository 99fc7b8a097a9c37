import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listRuntimes } from "./oci-runtimes.ts";

test("finds the runtimes that can be run, and adds the one Podman has chosen", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "runtimes-"));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["runc", "kata", "other"]) writeFileSync(join(folder, name), "", { mode: 0o755 });
  writeFileSync(join(folder, "runsc"), "", { mode: 0o644 });
  assert.deepEqual(listRuntimes("", [folder, join(folder, "missing")]), ["kata", "runc"]);
  assert.deepEqual(listRuntimes("runc", [folder]), ["kata", "runc"]);
  assert.deepEqual(listRuntimes("of-our-own", []), ["of-our-own"]);
});
