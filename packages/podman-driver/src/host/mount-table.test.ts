import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findSource, openPath, parseMountTable } from "./mount-table.ts";
import { hostRoots } from "./proc-files.ts";

const text = [
  "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  "35 21 0:30 /@data /srv/my\\040data rw,noatime - btrfs /dev/sdb rw,subvol=/@data",
  "36 21 8:1 /var/lib/x /mnt/x ro - ext4 /dev/sda1 rw",
  "",
].join("\n");
const table = parseMountTable(text);

test("a mount table has a line a mount", () => {
  assert.deepEqual(table.map(({ id, device, root, mountPoint }) => [id, device, root, mountPoint]), [
    ["21", "8:1", "/", "/"],
    ["35", "0:30", "/@data", "/srv/my\\040data"],
    ["36", "8:1", "/var/lib/x", "/mnt/x"],
  ]);
});

const rows: readonly (readonly [mountId: string | undefined, path: string, source: object | undefined])[] = [
  ["21", "/etc/passwd", { device: "8:1", root: "/etc/passwd" }],
  ["21", "/", { device: "8:1", root: "/" }],
  ["35", "/srv/my data/a b", { device: "0:30", root: "/@data/a\\040b" }],
  ["35", "/srv/my data", { device: "0:30", root: "/@data" }],
  ["36", "/mnt/x/y", { device: "8:1", root: "/var/lib/x/y" }],
  ["99", "/etc", undefined],
  [undefined, "/etc", undefined],
];
for (const [mountId, path, source] of rows) {
  test(`${path} of the mount ${mountId ?? "nobody knows"} is found in its file system`, () =>
    assert.deepEqual(findSource(table, mountId, path), source));
}

test("an opened path is where its links lead", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mount-table-")));
  try {
    await mkdir(join(folder, "real dir"));
    await symlink("real dir", join(folder, "link"));
    const [direct, linked] = await Promise.all([openPath(hostRoots, join(folder, "real dir")), openPath(hostRoots, join(folder, "link"))]);
    assert.equal(linked.realPath, join(folder, "real dir"));
    assert.notEqual(direct.source, undefined);
    assert.deepEqual(linked.source, direct.source);
    await assert.rejects(openPath(hostRoots, join(folder, "missing")), { code: "ENOENT" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
