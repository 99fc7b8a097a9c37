import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "@driver/testing";
import fc from "fast-check";
import { LogPosition, type JournalProgress, type LogProgress } from "./log-position.ts";

const id = "ab".repeat(32);

const silent = { warn: () => assert.fail("there is nothing to warn of") };

class AllocFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "position-"));
  readonly file = join(this.path, "web", ".podman-log-position");

  constructor() {
    mkdirSync(join(this.path, "web"));
  }

  /** What a plugin that opens the position now would read. */
  load(containerId = id): LogProgress | undefined {
    const position = new LogPosition({ allocDir: this.path, name: "web" }, containerId, silent);
    try {
      return position.load();
    } finally {
      position.close();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

test("knows nothing at first, and makes its file, for its user alone, when there is something to know", () => {
  using folder = new AllocFolder();
  assert.equal(folder.load(), undefined);
  assert.equal(existsSync(folder.file), false);
  const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
  position.save({ inode: 7n, offsetBytes: 4711 });
  position.close();
  assert.equal(statSync(folder.file).mode & 0o777, 0o600);
});

const anyEnd = fc.record({ index: fc.nat(), sizeBytes: fc.maxSafeNat() }, { noNullPrototype: true });
const anyProgress: fc.Arbitrary<LogProgress> = fc.record(
  {
    inode: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    offsetBytes: fc.maxSafeNat(),
    files: fc.record({ stdout: anyEnd, stderr: anyEnd }, { noNullPrototype: true }),
  },
  { requiredKeys: ["inode", "offsetBytes"], noNullPrototype: true },
);

test("outlives the plugin, whatever was saved before", () => {
  using folder = new AllocFolder();
  fc.assert(
    fc.property(fc.array(anyProgress, { minLength: 1, maxLength: 5 }), (saves) => {
      const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
      for (const progress of saves) position.save(progress);
      position.close();
      assert.deepEqual(folder.load(), saves.at(-1));
    }),
  );
});

const anyMark = fc.record(
  { atSeconds: fc.maxSafeNat(), count: fc.maxSafeNat(), checksum: fc.integer({ min: 0, max: 2 ** 32 - 1 }) },
  { noNullPrototype: true },
);
const anyJournal: fc.Arbitrary<JournalProgress> = fc.record(
  { mark: anyMark, files: fc.record({ stdout: anyEnd, stderr: anyEnd }, { noNullPrototype: true }) },
  { requiredKeys: ["mark"], noNullPrototype: true },
);

test("of a journal outlives the plugin too, and is none of a file", () => {
  using folder = new AllocFolder();
  const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
  fc.assert(
    fc.property(anyJournal, anyProgress, (inJournal, inFile) => {
      position.save(inFile);
      assert.equal(position.loadJournal(), undefined);
      position.saveJournal(inJournal);
      assert.deepEqual([position.loadJournal(), position.load()], [inJournal, undefined]);
      const later = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
      assert.deepEqual([later.loadJournal(), later.load()], [inJournal, undefined]);
      later.close();
    }),
  );
  position.close();
});

test("knows what it has saved although the disk has not taken it", () => {
  using folder = new AllocFolder();
  rmSync(join(folder.path, "web"), { recursive: true });
  const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, { warn: () => undefined });
  position.save({ inode: 7n, offsetBytes: 4711 });
  assert.deepEqual([position.load(), position.loadJournal(), folder.load()], [{ inode: 7n, offsetBytes: 4711 }, undefined, undefined]);
  position.saveJournal({ mark: { atSeconds: 1, count: 2, checksum: 3 } });
  assert.deepEqual([position.load(), position.loadJournal()], [undefined, { mark: { atSeconds: 1, count: 2, checksum: 3 } }]);
  position.close();
});

test("tries a save that a full disk refused until there is room, although nothing more is saved", async () => {
  using folder = new AllocFolder();
  const taskFolder = join(folder.path, "web");
  execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=2", "tmpfs", taskFolder]);
  const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
  try {
    writeFileSync(join(taskFolder, "ballast"), "");
    position.save({ inode: 7n, offsetBytes: 1 });
    position.save({ inode: 7n, offsetBytes: 4711 });
    assert.equal(existsSync(folder.file), false);
    rmSync(join(taskFolder, "ballast"));
    await until(() => existsSync(folder.file));
    assert.deepEqual(folder.load(), { inode: 7n, offsetBytes: 4711 });
  } finally {
    position.close();
    execFileSync("umount", [taskFolder]);
  }
});

test("knows nothing of another container", () => {
  using folder = new AllocFolder();
  const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
  position.save({ inode: 7n, offsetBytes: 4711 });
  position.close();
  assert.equal(folder.load("cd".repeat(32)), undefined);
});

for (const text of [
  "",
  "\n",
  id,
  `${id} 7`,
  `${id} 7 `,
  `${id} 7 -5`,
  `${id} 7 1.5`,
  `${id} x 5`,
  `${id} 7 NaN`,
  `${id} 7 99999999999999999999`,
  "\0".repeat(96),
  "x".repeat(5000),
]) {
  test(`knows nothing when the file is damaged: ${JSON.stringify(text.replace(id, "id").slice(0, 30))}`, () => {
    using folder = new AllocFolder();
    writeFileSync(folder.file, text);
    assert.equal(folder.load(), undefined);
  });
}

for (const text of [
  `${id} journal`,
  `${id} journal 5 6`,
  `${id} journal 5 6 -7`,
  `${id} journal 5 6 x`,
  `${"cd".repeat(32)} journal 5 6 7`,
]) {
  test(`knows nothing of a journal when the file is damaged: ${text.replace(id, "id").slice(0, 30)}`, () => {
    using folder = new AllocFolder();
    writeFileSync(folder.file, text);
    const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, silent);
    assert.equal(position.loadJournal(), undefined);
    position.close();
  });
}

test("refuses a link in the place of its file or of the task's folder, and says once that it cannot save", () => {
  using folder = new AllocFolder();
  const victim = join(folder.path, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, folder.file);
  const warnings: string[] = [];
  const position = new LogPosition({ allocDir: folder.path, name: "web" }, id, { warn: (message) => void warnings.push(message) });
  assert.throws(() => position.load(), { code: "ELOOP" });
  for (let times = 0; times < 2; times += 1) position.save({ inode: 7n, offsetBytes: 4711 });
  assert.match(warnings.join("\n"), /^the position of task web's log cannot be saved[^\n]*$/);
  symlinkSync(join(folder.path, "web"), join(folder.path, "linked"));
  assert.throws(() => new LogPosition({ allocDir: folder.path, name: "linked" }, id, silent).load(), { code: "ENOTDIR" });
  assert.equal(readFileSync(victim, "utf8"), "untouched");
});
