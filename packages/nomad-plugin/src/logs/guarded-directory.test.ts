import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GuardedDirectory } from "./guarded-directory.ts";

/** A folder with a `logs` folder that a task can write to, and a secret beside it. */
class Playground implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "guarded-"));
  readonly logs = join(this.root, "logs");
  readonly secret = join(this.root, "secret");
  readonly directory: GuardedDirectory;

  constructor() {
    mkdirSync(this.logs);
    writeFileSync(this.secret, "secret");
    this.directory = GuardedDirectory.open(this.root, "logs");
  }

  mkfifo(name: string): string {
    const path = join(this.logs, name);
    execFileSync("mkfifo", [path]);
    return path;
  }

  [Symbol.dispose](): void {
    this.directory.close();
    rmSync(this.root, { recursive: true });
  }
}

const opens = {
  "a FIFO for writing": (directory: GuardedDirectory, name: string) => directory.openFifoForWriting(name),
  "a file for appending": (directory: GuardedDirectory, name: string) => directory.openFileForAppending(name),
  "a file for updating": (directory: GuardedDirectory, name: string) => directory.openFileForUpdating(name, { make: true }),
} as const;

for (const [what, open] of Object.entries(opens)) {
  test(`opens ${what} only by the name of an entry`, () => {
    using place = new Playground();
    for (const name of ["", ".", "..", "../secret", "/etc/passwd", "a/b", "logs/../../secret"]) {
      assert.throws(() => open(place.directory, name), /is not the name of a file/, name);
    }
    assert.deepEqual(readdirSync(place.logs), []);
  });

  test(`follows no symbolic link when it opens ${what}`, () => {
    using place = new Playground();
    symlinkSync(place.secret, join(place.logs, "link"));
    symlinkSync(join(place.root, "new"), join(place.logs, "dangling"));
    for (const name of ["link", "dangling"]) assert.throws(() => open(place.directory, name), { code: "ELOOP" });
    assert.deepEqual(readdirSync(place.root).toSorted(), ["logs", "secret"]);
  });

  test(`refuses a folder in place of ${what}`, () => {
    using place = new Playground();
    mkdirSync(join(place.logs, "folder"));
    assert.throws(() => open(place.directory, "folder"));
  });
}

for (const what of ["a file for appending", "a file for updating"] as const) {
  test(`refuses a hard link in place of ${what}`, () => {
    using place = new Playground();
    linkSync(place.secret, join(place.logs, "hard"));
    assert.throws(() => opens[what](place.directory, "hard"), /not a regular file with one name/);
    assert.equal(readFileSync(place.secret, "utf8"), "secret");
  });

  test(`refuses a FIFO in place of ${what}, with and without a reader`, () => {
    using place = new Playground();
    const path = place.mkfifo("fifo");
    if (what === "a file for appending") assert.throws(() => opens[what](place.directory, "fifo"), { code: "ENXIO" });
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    assert.throws(() => opens[what](place.directory, "fifo"), /not a regular file/);
    closeSync(reader);
  });
}

test("refuses a regular file in place of a FIFO", () => {
  using place = new Playground();
  writeFileSync(join(place.logs, "file"), "kept");
  assert.throws(() => place.directory.openFifoForWriting("file"), /not a FIFO/);
  assert.equal(readFileSync(join(place.logs, "file"), "utf8"), "kept");
});

test("opens a FIFO without waiting for its reader", () => {
  using place = new Playground();
  const path = place.mkfifo("fifo");
  assert.throws(() => place.directory.openFifoForWriting("fifo"), { code: "ENXIO" });
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = place.directory.openFifoForWriting("fifo");
  assert.ok(fstatSync(writer).isFIFO());
  closeSync(writer);
  closeSync(reader);
});

test("appends to a file that is there and makes one that is not, for all to read", () => {
  using place = new Playground();
  for (const text of ["one", "two"]) {
    const fd = place.directory.openFileForAppending("task.stdout.0");
    writeSync(fd, text);
    assert.equal(fstatSync(fd).mode & 0o777, 0o644 & ~process.umask());
    closeSync(fd);
  }
  assert.equal(readFileSync(join(place.logs, "task.stdout.0"), "utf8"), "onetwo");
});

test("makes a file for updating that nobody else can read, where it may", () => {
  using place = new Playground();
  assert.throws(() => place.directory.openFileForUpdating("position", { make: false }), { code: "ENOENT" });
  const fd = place.directory.openFileForUpdating("position", { make: true });
  assert.equal(fstatSync(fd).mode & 0o777, 0o600);
  closeSync(fd);
});

test("refuses to walk through a link, a file, or upwards", () => {
  using place = new Playground();
  symlinkSync(place.root, join(place.logs, "up"));
  assert.throws(() => GuardedDirectory.open(place.root, "logs", "up"), { code: "ENOTDIR" });
  assert.throws(() => GuardedDirectory.open(place.root, "secret"), { code: "ENOTDIR" });
  assert.throws(() => GuardedDirectory.open(place.root, "logs", ".."), /is not the name/);
  assert.throws(() => GuardedDirectory.open(place.root, "missing"), { code: "ENOENT" });
});

test("keeps to the folder it has opened when a link takes that one's place", () => {
  using place = new Playground();
  renameSync(place.logs, join(place.root, "moved"));
  mkdirSync(join(place.root, "elsewhere"));
  symlinkSync(join(place.root, "elsewhere"), place.logs);
  closeSync(place.directory.openFileForAppending("file"));
  assert.deepEqual(readdirSync(join(place.root, "elsewhere")), []);
  assert.deepEqual(readdirSync(join(place.root, "moved")), ["file"]);
  assert.deepEqual(place.directory.list(), ["file"]);
});

test("removes a link and not what it points to, and does not mind a missing name", () => {
  using place = new Playground();
  symlinkSync(place.secret, join(place.logs, "link"));
  place.directory.unlink("link");
  place.directory.unlink("link");
  assert.equal(readFileSync(place.secret, "utf8"), "secret");
  assert.throws(() => place.directory.unlink("../secret"), /is not the name/);
});

test("leaves no descriptor open", () => {
  const countDescriptors = (): number => readdirSync("/proc/self/fd").length;
  const before = countDescriptors();
  {
    using place = new Playground();
    place.mkfifo("fifo");
    symlinkSync(place.secret, join(place.logs, "link"));
    for (const open of Object.values(opens)) assert.throws(() => open(place.directory, "link"));
    assert.throws(() => place.directory.openFileForUpdating("fifo", { make: false }));
    assert.throws(() => GuardedDirectory.open(place.root, "logs", "fifo"));
    place.directory.close();
    place.directory.close();
  }
  assert.equal(countDescriptors(), before);
});

test("tells when a regular file was written, and nothing of anything else", () => {
  using playground = new Playground();
  writeFileSync(join(playground.logs, "file"), "");
  utimesSync(join(playground.logs, "file"), 1000, 2000);
  symlinkSync(playground.secret, join(playground.logs, "link"));
  playground.mkfifo("fifo");
  assert.deepEqual(
    ["file", "link", "fifo", "missing"].map((name) => playground.directory.modifiedAt(name)),
    [new Date(2_000_000), undefined, undefined, undefined],
  );
});

test("is of no use once it is closed, since its descriptor's number may be another file's by then", () => {
  using place = new Playground();
  const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
  place.directory.close();
  const fd = openSync(elsewhere, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const open of Object.values(opens)) assert.throws(() => open(place.directory, "file"), /the folder is closed/);
    assert.throws(() => place.directory.list(), /the folder is closed/);
    assert.throws(() => place.directory.unlink("file"), /the folder is closed/);
    assert.deepEqual(readdirSync(elsewhere), []);
  } finally {
    closeSync(fd);
    rmSync(elsewhere, { recursive: true });
  }
});
