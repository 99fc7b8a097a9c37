import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RecordedLog } from "@driver/testing";
import { Engine } from "./engine.ts";
import { findKnownFaults, knownFaults, rangeOf } from "./known-faults.ts";

const program = (name: string, version: string): { readonly name: string; readonly path: string; readonly version: string } => ({
  name,
  path: `/usr/bin/${name}`,
  version,
});
const faultsOf = (version: string, conmon: string, [runtime, said]: readonly [string, string]): readonly string[] =>
  findKnownFaults({ version, conmon: program("", conmon), ociRuntime: program(runtime, said) }).map((text) => text.slice(0, 40));

const rows: readonly (readonly [podman: string, conmon: string, runtime: readonly [string, string], faults: readonly string[]])[] = [
  ["5.4.2", "conmon version 2.1.12, commit: unknown", ["crun", "crun version 1.28\ncommit: 1"], []],
  ["4.8.2", "conmon version 2.1.8, commit: ", ["crun", "crun version 1.28"], []],
  ["4.8.2", "conmon version 2.1.9, commit: ", ["crun", "crun version 1.28"], ["conmon 2.1.9: containers do not start (\""]],
  ["4.8.2", "conmon version 2.1.10, commit: ", ["crun", "crun version 1.28"], []],
  ["6.0.0", "conmon version 2.2.0, commit: ", ["crun", "crun version 1.28"], ["conmon 2.2.0: podman logs says \"is not a"]],
  [
    "5.8.4",
    "",
    ["crun", "crun version 1.14.1\ncommit: 2"],
    ["crun 1.14.1: containers do not start (\"u", "crun 1.14.1: podman exec by hand without"],
  ],
  ["5.4.2", "", ["crun", "crun version 1.14.1"], ["crun 1.14.1: podman exec by hand without"]],
  ["5.4.2", "", ["crun", "crun version 1.11"], ["crun 1.11: the option noexec of volumes ", "crun 1.11: podman exec by hand without -"]],
  ["5.4.2", "", ["crun", "crun version 1.21"], ["crun 1.21: containers do not start on ol", "crun 1.21: podman exec by hand without -"]],
  ["4.3.1", "conmon version 2.1.6", ["runc", "runc version 1.1.5+ds1\ncommit: 1"], ["runc 1.1.5: a task with a read-only root"]],
  ["5.4.2", "", ["runc", "runc version 1.2.0"], []],
  ["5.4.2", "", ["/opt/own", "own version 1.1"], []],
  ["5.4.2", "unknown", ["crun", ""], []],
];
for (const [podman, conmon, runtime, faults] of rows) {
  test(`knows ${faults.length} faults of podman ${podman}, ${conmon || "no conmon"}, ${runtime.join(": ").split("\n")[0]}`, () =>
    assert.deepEqual(faultsOf(podman, conmon, runtime), faults));
}

test("says what to do, and who found it", () => {
  assert.deepEqual(
    findKnownFaults({ version: "4.8.2", conmon: program("", "conmon version 2.1.9"), ociRuntime: program("crun", "crun version 1.28") }),
    [
      'conmon 2.1.9: containers do not start ("container create failed", "readObjectStart: expect { or n"); better from 2.1.10 on ' +
        "(https://github.com/containers/conmon/issues/475)",
    ],
  );
});

test("docs/compatibility.md has each of them", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/compatibility.md"), "utf8");
  for (const fault of knownFaults) {
    assert.ok(text.includes(`| ${fault.program} | ${rangeOf(fault)} |`), `${fault.program} ${rangeOf(fault)}`);
    assert.ok(text.includes(fault.source), fault.source);
  }
});

test("goes by Podman's own version and not by that of its API, which is another one", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "versions-"));
  const path = join(folder, "podman.sock");
  const server = createServer((request, response) => {
    const body = request.url?.endsWith("info") === true ? JSON.stringify({ version: { Version: "3.0.1" } }) : "OK";
    response.setHeader("Libpod-Api-Version", "3.0.0").end(body);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const engine = new Engine({ path, callTimeoutMs: 20_000, logger: new RecordedLog().logger });
  context.after(() => {
    engine.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  assert.equal((await engine.probe(AbortSignal.timeout(20_000))).version, "3.0.1");
  assert.equal((await engine.facts(AbortSignal.timeout(20_000))).version, "3.0.1");
});

test("tells each fault once while a service is looked at again and again", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  const path = join(folder, "podman.sock");
  let version = "4.8.2";
  const server = createServer((request, response) => {
    const info = { version: { Version: version }, host: { conmon: { version: "conmon version 2.1.9, commit: " } } };
    response.setHeader("Libpod-Api-Version", version).end(request.url?.endsWith("info") === true ? JSON.stringify(info) : "OK");
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const log = new RecordedLog();
  const engine = new Engine({ path, callTimeoutMs: 20_000, logger: log.logger });
  context.after(() => {
    engine.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  await engine.probe(AbortSignal.timeout(20_000));
  // Another version has it asked for its info anew.
  version = "4.9.0";
  await engine.probe(AbortSignal.timeout(20_000));
  assert.equal(log.lines.filter((line) => JSON.stringify(line).includes("conmon 2.1.9")).length, 1);
});
