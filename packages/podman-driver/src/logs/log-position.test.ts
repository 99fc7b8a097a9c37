import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { LogPosition } from "./log-position.ts";

const id = "ab".repeat(32);

class AllocFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "position-"));
  readonly file = join(this.path, "web", ".podman-log-position");

  constructor() {
    mkdirSync(join(this.path, "web"));
  }

  /** What a plugin that opens the position now would read. */
  load(containerId = id): number {
    const position = LogPosition.open(this.path, "web", containerId);
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

test("begins at 0", () => {
  using folder = new AllocFolder();
  assert.equal(folder.load(), 0);
  assert.equal(statSync(folder.file).mode & 0o777, 0o600);
});

test("outlives the plugin, whatever was saved before", () => {
  using folder = new AllocFolder();
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 5 }), (offsets) => {
      const position = LogPosition.open(folder.path, "web", id);
      for (const offset of offsets) position.save(offset);
      position.close();
      assert.equal(folder.load(), offsets.at(-1));
    }),
  );
});

test("begins at 0 again for another container", () => {
  using folder = new AllocFolder();
  const position = LogPosition.open(folder.path, "web", id);
  position.save(4711);
  position.close();
  assert.equal(folder.load("cd".repeat(32)), 0);
});

for (const text of ["", "\n", id, `${id} `, `${id} -5`, `${id} 1.5`, `${id} NaN`, `${id} Infinity`, `${id} 99999999999999999999`, "\0".repeat(96), "x".repeat(5000)]) {
  test(`begins at 0 when the file is damaged: ${JSON.stringify(text.replace(id, "id").slice(0, 30))}`, () => {
    using folder = new AllocFolder();
    writeFileSync(folder.file, text);
    assert.equal(folder.load(), 0);
  });
}

test("refuses a link in the place of its file or of the task's folder", () => {
  using folder = new AllocFolder();
  const victim = join(folder.path, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, folder.file);
  assert.throws(() => LogPosition.open(folder.path, "web", id), { code: "ELOOP" });
  symlinkSync(join(folder.path, "web"), join(folder.path, "linked"));
  assert.throws(() => LogPosition.open(folder.path, "linked", id), { code: "ENOTDIR" });
  assert.equal(readFileSync(victim, "utf8"), "untouched");
});
