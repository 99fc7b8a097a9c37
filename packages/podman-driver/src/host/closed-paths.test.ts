import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findBar, findClosedFiles, findClosedFolder } from "./closed-paths.ts";

/** A user who is not this one. */
const other = { uid: (process.getuid?.() ?? 0) + 1000, ruledIds: [[200_000, 10]] as const };
const self = { uid: process.getuid?.() ?? 0, ruledIds: [] };

function makeRoot(context: TestContext): string {
  // TMPDIR may itself be closed to others, as in a test world.
  const root = mkdtempSync(join("/dev/shm", "closed-"));
  context.after(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o755);
  return root;
}

test("names the first folder on the way that a user may not enter", (context) => {
  const root = makeRoot(context);
  const folder = join(root, "data/alloc/x");
  mkdirSync(folder, { recursive: true });
  assert.equal(findClosedFolder(folder, other), undefined);
  chmodSync(join(root, "data/alloc"), 0o700);
  chmodSync(join(root, "data"), 0o700);
  assert.deepEqual(findClosedFolder(folder, other), { path: join(root, "data"), mode: 0o700, uid: self.uid, gid: process.getgid?.() });
  chmodSync(join(root, "data"), 0o711);
  assert.equal(findClosedFolder(folder, other)?.path, join(root, "data/alloc"));
  assert.equal(findClosedFolder(folder, self), undefined);
  assert.equal(findClosedFolder(join(folder, "missing"), { uid: other.uid, ruledIds: [[self.uid, 1]] }), undefined);
});

test("takes a folder with an ACL for open: its group bits are the ACL's mask", (context) => {
  const root = makeRoot(context);
  const folder = join(root, "data");
  mkdirSync(folder);
  chmodSync(folder, 0o710);
  assert.equal(findClosedFolder(folder, other), undefined);
});

test("tells a folder that is closed from one whose group's bits let in somebody, and those from an open one", (context) => {
  const root = makeRoot(context);
  const barOf = (mode: number, owner: typeof self | typeof other = other): boolean | undefined => {
    chmodSync(root, mode);
    return findBar(root, owner)?.isClosed;
  };
  assert.deepEqual([0o700, 0o740, 0o744, 0o710, 0o750, 0o701, 0o711].map((mode) => barOf(mode)), [
    ...[true, true, true],
    ...[false, false],
    ...[undefined, undefined],
  ]);
  assert.equal(barOf(0o700, self), undefined);
  assert.equal(findBar(join(root, "missing"), other), undefined);
  const { identity } = findBar(root, other) ?? {};
  mkdirSync(join(root, "more"));
  assert.equal(findBar(root, other)?.identity, identity);
  chmodSync(root, 0o740);
  assert.notEqual(findBar(root, other)?.identity, identity);
});

test("lists what a user may not read, without what lies behind links", (context) => {
  const root = makeRoot(context);
  for (const name of ["local/deep", "secrets", "outside"]) mkdirSync(join(root, name), { recursive: true });
  const write = (name: string, mode: number): void => {
    writeFileSync(join(root, name), "");
    chmodSync(join(root, name), mode);
  };
  write("local/open", 0o644);
  write("local/deep/closed", 0o600);
  write("outside/closed", 0o600);
  symlinkSync(join(root, "outside"), join(root, "local/link"));
  chmodSync(join(root, "secrets"), 0o700);
  write("secrets/inside", 0o600);
  const folders = [join(root, "local"), join(root, "secrets"), join(root, "missing")];
  assert.deepEqual(findClosedFiles(folders, other).map(({ path, mode }) => [path, mode]), [
    [join(root, "secrets"), 0o700],
    [join(root, "local/deep/closed"), 0o600],
  ]);
  assert.deepEqual(findClosedFiles(folders, self), []);
});

test("looks at a part of a folder that holds too much", (context) => {
  const root = makeRoot(context);
  for (let index = 0; index < 600; index++) writeFileSync(join(root, String(index)), "", { mode: 0o600 });
  assert.equal(findClosedFiles([root], other).length, 499);
});
