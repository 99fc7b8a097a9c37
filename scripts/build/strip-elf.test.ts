import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stripElf } from "./strip-elf.ts";

test("a stripped Node is a fifth smaller and runs", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "strip-elf-"));
  t.after(() => execFileSync("rm", ["-r", folder]));
  const stripped = join(folder, "node");
  writeFileSync(stripped, stripElf(readFileSync(process.execPath)), { mode: 0o755 });
  assert.equal(execFileSync(stripped, ["-p", "6*7"], { encoding: "utf8" }), "42\n");
  assert.ok(statSync(stripped).size < 0.8 * statSync(process.execPath).size);
});

test("what is no 64-bit ELF program is refused", () => {
  assert.throws(() => stripElf(Buffer.from("#!/bin/sh\n".repeat(20))), /64-bit/);
});
