import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findLastCollected, findNewest } from "./last-collected.ts";

class AllocFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "collected-"));
  readonly logs = join(this.path, "alloc", "logs");

  constructor() {
    mkdirSync(this.logs, { recursive: true });
  }

  write(name: string, modifiedSeconds: number): void {
    writeFileSync(join(this.logs, name), "x");
    utimesSync(join(this.logs, name), modifiedSeconds, modifiedSeconds);
  }

  find(): number | undefined {
    return findLastCollected({ name: "web", allocDir: this.path })?.getTime();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

test("finds when one of the task's log files was written last", () => {
  using folder = new AllocFolder();
  assert.equal(folder.find(), undefined);
  folder.write("web.stdout.0", 1000);
  folder.write("web.stderr.1", 3000);
  folder.write("web.stdout.1", 2000);
  folder.write("other.stdout.0", 9000);
  folder.write("web.stdout.x", 9000);
  assert.equal(folder.find(), 3_000_000);
});

test("finds it among 200,000 files, which a task can make", () => {
  const names = Array.from({ length: 200_000 }, (_, index) => `web.stdout.${index}`);
  const modifiedAt = (name: string): Date => new Date(name === "web.stdout.77777" ? 2000 : 1000);
  assert.deepEqual(findNewest({ list: () => names, modifiedAt }, "web"), new Date(2000));
});

test("believes neither a time to come nor a link", () => {
  using folder = new AllocFolder();
  writeFileSync(join(folder.path, "outside"), "");
  symlinkSync(join(folder.path, "outside"), join(folder.logs, "web.stdout.0"));
  assert.equal(folder.find(), undefined);
  folder.write("web.stderr.0", Date.now() / 1000 + 5000);
  assert.ok((folder.find() ?? Infinity) <= Date.now());
});

test("finds nothing where there is no log folder", () => {
  assert.equal(findLastCollected({ name: "web", allocDir: "/nonexistent" }), undefined);
});
