import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { createHclogLogger } from "../log/hclog-logger.ts";
import { createSocketFolder } from "./socket-folder.ts";

const scratch = mkdtempSync(join(tmpdir(), "socket-folder-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const logger = createHclogLogger(() => {});

function newParent(): string {
  return mkdtempSync(join(scratch, "parent-"));
}

test("two folders of one process differ, and removing one leaves the other", () => {
  const parents = [newParent()];
  const [one, other] = [
    createSocketFolder({ parents, pid: process.pid, logger }),
    createSocketFolder({ parents, pid: process.pid, logger }),
  ];
  assert.notEqual(one.socketPath, other.socketPath);
  one.remove();
  one.remove();
  assert.equal(existsSync(dirname(one.socketPath)), false);
  assert.equal(existsSync(dirname(other.socketPath)), true);
});

test("swept is only what a plugin that is gone left behind", () => {
  const parent = newParent();
  const own = createSocketFolder({ parents: [parent], pid: process.pid, logger });
  const name = basename(dirname(own.socketPath));
  const [, , pid, ticks, namespace] = name.split("-");
  const kept = [
    `go-plugin-${pid}-${ticks}-${namespace}-aaaaaa`,
    `go-plugin-${pid}-1-999-aaaaaa`,
    `go-plugin-${pid}-0-${namespace}-aaaaaa`,
    "go-plugin-notes",
    "other",
  ];
  // The same pid with another start time was another process.
  const swept = [`go-plugin-${pid}-1-${namespace}-aaaaaa`, `go-plugin-4194999-5-${namespace}-aaaaaa`];
  for (const folder of [...kept, ...swept]) mkdirSync(join(parent, folder));
  writeFileSync(join(parent, swept[0] ?? "", "plugin.sock"), "");
  const link = `go-plugin-4194999-6-${namespace}-bbbbbb`;
  symlinkSync(join(parent, "other"), join(parent, link));

  const next = createSocketFolder({ parents: [parent], pid: process.pid, logger });
  assert.deepEqual(new Set(readdirSync(parent)), new Set([...kept, link, name, basename(dirname(next.socketPath))]));
});

test("when no folder will do the error names each with its reason", () => {
  const long = join(scratch, "x".repeat(100));
  const parents = [long, join(scratch, "missing")];
  assert.throws(() => createSocketFolder({ parents, pid: process.pid, logger }), {
    code: "serve-failed",
    message: /x{100}: the socket path would exceed 107 bytes; .*missing: ENOENT/,
  });
});
