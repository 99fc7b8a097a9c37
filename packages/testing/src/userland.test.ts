import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { buildUserland } from "./userland.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A folder with an mmdebstrap that does as `script` says, first in PATH until the test ends. */
function withMmdebstrap(context: TestContext, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "userland-"));
  const former = process.env["PATH"];
  writeFileSync(join(folder, "mmdebstrap"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env["PATH"] = `${folder}:${former}`;
  context.after(() => {
    process.env["PATH"] = former;
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test("says in apt's words what the mirror does not serve, and leaves nothing", async (context) => {
  const said = "E: Release 'gone' for 'podman' was not found";
  const folder = withMmdebstrap(context, `echo "${said}" >&2; echo "E: mmdebstrap failed to run" >&2; exit 1`);
  await assert.rejects(buildUserland(join(folder, "all"), { suites: ["gone"], packages: ["podman"] }, soon()), {
    code: "userland",
    message: said,
  });
  assert.deepEqual(readdirSync(join(folder, "all")), []);
});

test("does not wait longer than it may for a mirror, nor leaves behind what it has started", async (context) => {
  const folder = withMmdebstrap(context, "sleep 7003 & wait");
  await assert.rejects(buildUserland(join(folder, "all"), { suites: ["slow"], packages: ["podman"] }, soon(), 1_000), {
    code: "userland",
    message: /^the mirror http\S+ did not serve it within 1 s$/,
  });
  assert.deepEqual(readdirSync(join(folder, "all")), []);
});

test("unpacks a release once, and other packages of it beside that", async (context) => {
  // The last argument is the line of the mirror, and the one before it the folder.
  const findFolder = "for last; do former=$target; target=$last; done";
  const folder = withMmdebstrap(context, `${findFolder}; echo x >>"$(dirname "$0")/calls"; mkdir -p "$former/usr/sbin"`);
  const build = (...packages: readonly string[]): Promise<string> =>
    buildUserland(join(folder, "all"), { suites: ["some"], packages }, soon());
  const first = await build("podman");
  assert.equal(await build("podman"), first);
  assert.notEqual(await build("podman", "passt"), first);
  assert.equal(readFileSync(join(folder, "calls"), "utf8"), "x\nx\n");
  assert.ok(readdirSync(join(first, "usr/sbin")).includes("iptables"));
});
