import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { GuardedDirectory } from "./guarded-directory.ts";
import { RotatedLog } from "./rotated-log.ts";

const roomy = { maxFiles: 10, maxFileBytes: 1_048_576 };

class LogFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "rotated-"));
  readonly directory = GuardedDirectory.open(this.path);

  open(limits: { readonly maxFiles?: number; readonly maxFileBytes?: number } = {}): RotatedLog {
    return new RotatedLog({ directory: this.directory, baseName: "task.stdout", ...roomy, ...limits });
  }

  read(index: number): string {
    return readFileSync(this.pathOf(index), "utf8");
  }

  pathOf(index: number): string {
    return join(this.path, `task.stdout.${index}`);
  }

  names(): string[] {
    return readdirSync(this.path).toSorted();
  }

  [Symbol.dispose](): void {
    this.directory.close();
    rmSync(this.path, { recursive: true });
  }
}

test("has its first file from the start", async () => {
  using folder = new LogFolder();
  const log = folder.open();
  assert.deepEqual(folder.names(), ["task.stdout.0"]);
  await log.close();
});

test("begins the next file when one is full, in the middle of a write if need be", async () => {
  using folder = new LogFolder();
  const log = folder.open({ maxFileBytes: 4 });
  await log.write(Buffer.from("abcdefghij"));
  await log.close();
  assert.deepEqual([0, 1, 2].map((index) => folder.read(index)), ["abcd", "efgh", "ij"]);
});

test("keeps the newest files only", async () => {
  using folder = new LogFolder();
  const log = folder.open({ maxFileBytes: 2, maxFiles: 3 });
  for (let number = 0; number < 6; number += 1) await log.write(Buffer.from(`${number}\n`));
  await log.close();
  assert.deepEqual(folder.names(), ["task.stdout.3", "task.stdout.4", "task.stdout.5"]);
});

test("goes on with the highest index there is", async () => {
  using folder = new LogFolder();
  for (const index of [2, 10, 9]) writeFileSync(folder.pathOf(index), `old ${index}\n`);
  writeFileSync(join(folder.path, "task.stdout.x"), "no index");
  writeFileSync(join(folder.path, "task.stderr.50"), "another log");
  const log = folder.open();
  await log.write(Buffer.from("new\n"));
  await log.close();
  assert.equal(folder.read(10), "old 10\nnew\n");
});

test("counts what an earlier writer has written towards the size", async () => {
  using folder = new LogFolder();
  writeFileSync(folder.pathOf(0), "abc");
  const log = folder.open({ maxFileBytes: 4 });
  await log.write(Buffer.from("def"));
  await log.close();
  assert.deepEqual([folder.read(0), folder.read(1)], ["abcd", "ef"]);
});

test("passes over names that the task has taken for links, folders and FIFOs", async () => {
  using folder = new LogFolder();
  const victim = join(folder.path, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, folder.pathOf(0));
  mkdirSync(folder.pathOf(1));
  execFileSync("mkfifo", [folder.pathOf(2)]);
  symlinkSync("nowhere", folder.pathOf(4));
  const log = folder.open({ maxFileBytes: 2 });
  await log.write(Buffer.from("abcd"));
  await log.close();
  assert.deepEqual([folder.read(5), folder.read(6)], ["ab", "cd"]);
  assert.equal(readFileSync(victim, "utf8"), "untouched");
  assert.equal(readlinkSync(folder.pathOf(0)), victim);
});

test("passes over planted names when it rotates, and over files that are full already", async () => {
  using folder = new LogFolder();
  const log = folder.open({ maxFileBytes: 2 });
  symlinkSync("nowhere", folder.pathOf(1));
  writeFileSync(folder.pathOf(2), "far too much");
  writeFileSync(folder.pathOf(3), "xy");
  await log.write(Buffer.from("abcd"));
  await log.close();
  assert.deepEqual([folder.read(0), folder.read(2), folder.read(3), folder.read(4)], ["ab", "far too much", "xy", "cd"]);
});

test("rotates on although a folder stands where an old file was", async () => {
  using folder = new LogFolder();
  const log = folder.open({ maxFileBytes: 1, maxFiles: 2 });
  await log.write(Buffer.from("a"));
  rmSync(folder.pathOf(0));
  mkdirSync(folder.pathOf(0));
  await log.write(Buffer.from("bcd"));
  await log.close();
  assert.deepEqual(folder.names(), ["task.stdout.0", "task.stdout.2", "task.stdout.3"]);
});

test("opens beside 200,000 planted names, and does not look through them at each rotation", async () => {
  using folder = new LogFolder();
  const planted = Array.from({ length: 200_000 }, (_, index) => `task.stdout.${index}`);
  let lists = 0;
  // As many real files would take minutes to make and to remove.
  const list = (): string[] => {
    lists += 1;
    return planted;
  };
  const directory = {
    list,
    unlink: (name: string) => folder.directory.unlink(name),
    openFileForAppending: (name: string) => folder.directory.openFileForAppending(name),
  };
  const log = new RotatedLog({ directory, baseName: "task.stdout", maxFileBytes: 1, maxFiles: 2 });
  await log.write(Buffer.from("abcdef"));
  await log.close();
  assert.deepEqual(folder.names(), ["task.stdout.200003", "task.stdout.200004"]);
  assert.equal(lists, 2);
});

test("removes old files also when the numbers have grown long", async () => {
  using folder = new LogFolder();
  writeFileSync(folder.pathOf(999_999_998), "");
  const log = folder.open({ maxFileBytes: 1, maxFiles: 2 });
  await log.write(Buffer.from("abcdef"));
  await log.close();
  assert.deepEqual(folder.names(), ["task.stdout.1000000002", "task.stdout.1000000003"]);
});

test("leaves no descriptor open when a file cannot be cut where an earlier writer ended", () => {
  using folder = new LogFolder();
  writeFileSync(folder.pathOf(0), "written beyond");
  const before = readdirSync("/proc/self/fd").length;
  // A descriptor for reading cannot be cut.
  const directory = {
    list: () => [],
    unlink: assert.fail,
    openFileForAppending: (name: string) => openSync(join(folder.path, name), constants.O_RDONLY),
  };
  const resumeAt = { index: 0, sizeBytes: 3 };
  assert.throws(() => new RotatedLog({ directory, baseName: "task.stdout", ...roomy, resumeAt }), { code: "EINVAL" });
  assert.equal(readdirSync("/proc/self/fd").length, before);
});

test("tells how much it has written when the disk is full", async () => {
  using folder = new LogFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path]);
  const directory = GuardedDirectory.open(folder.path);
  try {
    const log = new RotatedLog({ directory, baseName: "task.stdout", ...roomy });
    const ballast = join(folder.path, "ballast");
    writeFileSync(ballast, Buffer.alloc(32 * 1024));
    const bytes = Buffer.alloc(64 * 1024, "x");
    await assert.rejects(log.write(bytes), { code: "ENOSPC" });
    assert.equal(log.writtenBytes, folder.read(0).length);
    rmSync(ballast);
    await log.write(bytes.subarray(log.writtenBytes, 48 * 1024));
    await log.close();
    assert.equal(folder.read(0).length, 48 * 1024);
  } finally {
    directory.close();
    execFileSync("umount", [folder.path]);
  }
});

test("holds every byte in order, whatever the writes and the sizes", async () => {
  const writes = fc.array(fc.uint8Array({ minLength: 0, maxLength: 40 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(writes, fc.integer({ min: 1, max: 30 }), async (pieces, maxFileBytes) => {
      using folder = new LogFolder();
      const log = folder.open({ maxFileBytes, maxFiles: 10_000 });
      for (const piece of pieces) await log.write(piece);
      await log.close();
      const files = folder.names().length;
      const contents = Array.from({ length: files }, (_, index) => readFileSync(folder.pathOf(index)));
      assert.deepEqual(Buffer.concat(contents), Buffer.concat(pieces));
      assert.ok(contents.every((content, index) => content.length <= maxFileBytes && (content.length > 0 || index === 0)));
    }),
    { numRuns: 40 },
  );
});
