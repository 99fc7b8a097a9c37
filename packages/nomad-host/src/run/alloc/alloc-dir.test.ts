import assert from "node:assert/strict";
import { chown, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createAllocDir, removeTree, writeAllocFile } from "./alloc-dir.ts";

const isRoot = process.geteuid?.() === 0;

async function emptyRoot(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "alloc-dir-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test("makes Nomad's folders with Nomad's modes, whatever the umask", async () => {
  await using root = await emptyRoot();
  const umask = process.umask(0o077);
  await createAllocDir(root.path, "a1", ["web", "db"]);
  process.umask(umask);
  const found = (await readdir(root.path, { recursive: true })).toSorted();
  const modes = await Promise.all(found.map(async (path) => `${path} ${((await stat(join(root.path, path))).mode & 0o7777).toString(8)}`));
  const task = (name: string) => [`a1/${name} 777`, `a1/${name}/local 777`, `a1/${name}/secrets 777`, `a1/${name}/tmp 1777`];
  assert.deepEqual(modes, [
    "a1 711",
    "a1/alloc 777",
    "a1/alloc/data 777",
    "a1/alloc/logs 777",
    "a1/alloc/tmp 1777",
    ...task("db"),
    ...task("web"),
  ]);
});

test("the folders of tasks belong to nobody", { skip: isRoot ? false : "only root can give folders away" }, async () => {
  await using root = await emptyRoot();
  await createAllocDir(root.path, "a1", ["web"]);
  const { uid, gid } = await stat(join(root.path, "a1", "web", "local"));
  assert.deepEqual([uid, gid], [65534, 65534]);
});

test("writes a file with its folders and its mode", async () => {
  await using root = await emptyRoot();
  await writeAllocFile(root.path, { path: "web/local/conf/app", text: "x", mode: 0o640 });
  const path = join(root.path, "web", "local", "conf", "app");
  assert.equal(await readFile(path, "utf8"), "x");
  assert.equal((await stat(path)).mode & 0o777, 0o640);
});

test("gives a file to its owner, and keeps its mode", { skip: isRoot ? false : "only root can give files away" }, async () => {
  await using root = await emptyRoot();
  const owners = [
    [{ uid: 1001, gid: 1002 }, 1001, 1002],
    [{ uid: 1001 }, 1001, process.getegid?.()],
    [{ gid: 1002 }, process.geteuid?.(), 1002],
  ] as const;
  for (const [owner, uid, gid] of owners) {
    await writeAllocFile(root.path, { path: "x", text: "x", mode: 0o4750, ...owner });
    const found = await stat(join(root.path, "x"));
    assert.deepEqual([found.uid, found.gid, found.mode & 0o7777], [uid, gid, 0o4750]);
    await rm(join(root.path, "x"));
  }
});

test("removes what other users left, in folders that nobody may write to", async () => {
  await using root = await emptyRoot();
  const path = join(root.path, "tree");
  await mkdir(join(path, "closed"), { recursive: true });
  await writeFile(join(path, "closed", "file"), "");
  if (isRoot) await chown(join(path, "closed", "file"), 100_999, 100_999);
  await chown(join(path, "closed"), process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  await removeTree(path);
  assert.deepEqual(await readdir(root.path), []);
});

test("says why when something cannot be removed", async () => {
  await assert.rejects(removeTree("/proc/self/fd"), { code: "EPERM" });
});
