import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { EngineOwner } from "./engine-owner.ts";
import { EngineFolder } from "./engine-storage.ts";

const user: EngineOwner = { uid: 1000, ruledIds: [] };
const root: EngineOwner = { uid: 0, ruledIds: [] };

/** The folder of a user's container, with one file of his and one of root's, and a folder of root's beside it. */
class Storage implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "storage-"));
  readonly path = join(this.root, "userdata");
  readonly foreign = join(this.root, "foreign");

  constructor() {
    mkdirSync(this.path);
    mkdirSync(this.foreign);
    this.write(this.path, "his", user.uid);
    this.write(this.path, "roots", 0);
    this.write(this.foreign, "his", user.uid);
    chownSync(this.path, user.uid, user.uid);
  }

  write(folder: string, name: string, uid: number): void {
    writeFileSync(join(folder, name), name);
    chownSync(join(folder, name), uid, uid);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

function read(fd: number): string {
  const buffer = Buffer.alloc(100);
  const text = buffer.toString("utf8", 0, readSync(fd, buffer));
  closeSync(fd);
  return text;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("opens a folder of the engine's user, and none of anybody else's", () => {
  using storage = new Storage();
  const before = descriptors();
  using folder = EngineFolder.open(storage.path, user);
  assert.equal(read(folder.openFile("his")), "his");
  assert.throws(
    () => EngineFolder.open(storage.foreign, user),
    /the folder .*foreign, which Podman names, is of user 0 and not of user 1000, whose Podman it is: refused/,
  );
  assert.throws(() => EngineFolder.open(storage.path, root), /is of user 1000 and not of user 0/);
  assert.throws(() => EngineFolder.open(join(storage.root, "missing"), user), { code: "ENOENT" });
  assert.throws(() => EngineFolder.open(join(storage.path, "his"), user), { code: "ENOTDIR" });
  assert.equal(descriptors(), before + 1);
});

test("follows no link in the folder's place, and walks no further than it when its path is changed", () => {
  using storage = new Storage();
  const link = join(storage.root, "link");
  symlinkSync(storage.path, link);
  lchownSync(link, user.uid, user.uid);
  assert.throws(() => EngineFolder.open(link, user), { code: "ENOTDIR" });
  using folder = EngineFolder.open(storage.path, user);
  renameSync(storage.path, join(storage.root, "moved"));
  symlinkSync(storage.foreign, storage.path);
  folder.link("his", "his.1");
  folder.unlink("his");
  assert.deepEqual(
    [readdirSync(storage.foreign), readdirSync(join(storage.root, "moved")).toSorted(), folder.list().toSorted()],
    [["his"], ["his.1", "roots"], ["his.1", "roots"]],
  );
});

test("a path through a link of the user's leads to folders of his own at most", () => {
  using storage = new Storage();
  const [his, linked] = [join(storage.root, "his"), join(storage.root, "linked")];
  mkdirSync(join(his, "userdata"), { recursive: true });
  chownSync(join(his, "userdata"), user.uid, user.uid);
  symlinkSync(storage.root, linked);
  assert.throws(() => EngineFolder.open(join(linked, "foreign"), user), /is of user 0/);
  using folder = EngineFolder.open(join(linked, "userdata"), user);
  assert.deepEqual(folder.list().toSorted(), ["his", "roots"]);
});

test("takes folders of ids that the engine's user rules over in his namespace", () => {
  using storage = new Storage();
  chownSync(storage.path, 100_005, 100_005);
  assert.throws(() => EngineFolder.open(storage.path, { ...user, ruledIds: [[100_000, 5]] }));
  using folder = EngineFolder.open(storage.path, { ...user, ruledIds: [[1, 1], [100_000, 6]] });
  // Files are those that conmon writes, as the user himself.
  assert.equal(read(folder.openFile("his")), "his");
  assert.throws(() => folder.openFile("roots"), /is no regular file of user 1000/);
});

test("opens only files of the engine's user, and follows and waits for nothing", () => {
  using storage = new Storage();
  const before = descriptors();
  {
    using folder = EngineFolder.open(storage.path, user);
    symlinkSync("his", join(storage.path, "link"));
    linkSync(join(storage.path, "roots"), join(storage.path, "hard"));
    execFileSync("mkfifo", [join(storage.path, "fifo"), join(storage.path, "ctl")]);
    chownSync(join(storage.path, "fifo"), user.uid, user.uid);
    assert.throws(() => folder.openFile("link"), { code: "ELOOP" });
    for (const name of ["roots", "hard", "fifo"]) {
      assert.throws(() => folder.openFile(name), /is no regular file of user 1000, whose Podman it is: refused/);
    }
    for (const name of ["..", ".", "", "../foreign/his", "/etc/hostname"]) {
      assert.throws(() => folder.openFile(name), /is not the name of a file/);
    }
    assert.throws(() => folder.openFifo("fifo"), { code: "ENXIO" });
    const readers = [
      openSync(join(storage.path, "fifo"), constants.O_RDONLY | constants.O_NONBLOCK),
      openSync(join(storage.path, "ctl"), constants.O_RDONLY | constants.O_NONBLOCK),
    ];
    closeSync(folder.openFifo("fifo"));
    for (const name of ["ctl", "his"]) assert.throws(() => folder.openFifo(name), /is no FIFO of user 1000/);
    for (const reader of readers) closeSync(reader);
  }
  assert.equal(descriptors(), before);
});

test("makes a file the user's own, and gives away none that was there before", () => {
  using storage = new Storage();
  using folder = EngineFolder.open(storage.path, user);
  folder.reserveFile("new");
  folder.reserveFile("new");
  const made = statSync(join(storage.path, "new"));
  assert.deepEqual([made.uid, made.gid, made.isFile(), made.size], [user.uid, user.uid, true, 0]);
  assert.throws(() => folder.reserveFile("roots"), /is no regular file of user 1000/);
  symlinkSync(join(storage.foreign, "other"), join(storage.path, "link"));
  assert.throws(() => folder.reserveFile("link"));
  assert.deepEqual([statSync(join(storage.path, "roots")).uid, existsSync(join(storage.foreign, "other"))], [0, false]);
  folder.reserveFile("his");
  assert.equal(readFileSync(join(storage.path, "his"), "utf8"), "his");
});

test("tells of its files by their owner, and watches the folder itself", async () => {
  using storage = new Storage();
  using folder = EngineFolder.open(storage.path, user);
  assert.deepEqual(
    [folder.modifiedAt("his") instanceof Date, folder.modifiedAt("roots"), folder.modifiedAt("missing")],
    [true, undefined, undefined],
  );
  assert.deepEqual(
    [folder.inodeOf("his"), folder.inodeOf("missing")],
    [statSync(join(storage.path, "his"), { bigint: true }).ino, undefined],
  );
  renameSync(storage.path, join(storage.root, "moved"));
  mkdirSync(storage.path);
  const seen = new Promise((resolve) => {
    const watcher = folder.watch((name) => {
      watcher.close();
      resolve(name);
    });
  });
  writeFileSync(join(storage.path, "elsewhere"), "");
  writeFileSync(join(storage.root, "moved", "here"), "");
  assert.equal(await seen, "here");
});

test("closes only once, and is of no use then", () => {
  using storage = new Storage();
  const folder = EngineFolder.open(storage.path, user);
  folder.close();
  folder.close();
  assert.throws(() => folder.openFile("his"), /the folder is closed/);
});
