import assert from "node:assert/strict";
import { appendFileSync, existsSync, linkSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LogSpool, type LogSpoolOptions } from "./log-spool.ts";

const soon = AbortSignal.timeout(20_000);

/** A container's folder, and a conmon that begins a new log when it is asked to. */
class SpoolBench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "spool-"));
  readonly log = join(this.root, "ctr.log");
  readonly #spools: LogSpool[] = [];
  conmonIsGone = false;
  conmonIsSlow = false;

  constructor() {
    writeFileSync(this.log, "");
  }

  readonly control = {
    rotate: (rotatedPath: string): Promise<boolean> => {
      if (this.conmonIsGone || this.conmonIsSlow) return Promise.resolve(false);
      linkSync(this.log, rotatedPath);
      this.switchLog();
      return Promise.resolve(true);
    },
  };

  switchLog(): void {
    writeFileSync(`${this.log}.tmp`, "");
    renameSync(`${this.log}.tmp`, this.log);
  }

  open(options: Partial<LogSpoolOptions> = {}): LogSpool {
    const spool = LogSpool.open({ logPath: this.log, socketPath: this.root, control: this.control, ...options });
    this.#spools.push(spool);
    return spool;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const spool of this.#spools) await spool.close();
    rmSync(this.root, { recursive: true });
  }
}

async function readAll(spool: LogSpool): Promise<string> {
  const buffer = Buffer.alloc(7);
  let text = "";
  for (;;) {
    const { length, isFileEnd } = await spool.read(buffer);
    if (length === 0 && !isFileEnd) return text;
    if (isFileEnd) await spool.dropFinished();
    text += buffer.toString("utf8", 0, length);
  }
}

test("reads on over a rotation and deletes what it has read", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ rotateBytes: 10 });
  writeFileSync(bench.log, "first file\n");
  assert.equal(await spool.rotateWhenDue(soon), false);
  assert.equal(await readAll(spool), "first file\n");
  assert.equal(await spool.rotateWhenDue(soon), true);
  assert.equal(existsSync(`${bench.log}.1`), true);
  appendFileSync(bench.log, "second\n");
  assert.equal(await readAll(spool), "second\n");
  assert.deepEqual(readdirSync(bench.root), ["ctr.log"]);
});

test("loses nothing that conmon wrote just before it switched", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  assert.equal(await readAll(spool), "one\n");
  appendFileSync(bench.log, "two\n");
  await spool.rotateWhenDue(soon);
  appendFileSync(bench.log, "three\n");
  assert.equal(await readAll(spool), "two\nthree\n");
});

test("tells where a file begins", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  const buffer = Buffer.alloc(100);
  assert.deepEqual([(await spool.read(buffer)).isNewFile, (await spool.read(buffer)).length], [true, 0]);
  appendFileSync(bench.log, "two\n");
  assert.equal((await spool.read(buffer)).isNewFile, false);
  await spool.rotateWhenDue(soon);
  appendFileSync(bench.log, "three\n");
  assert.deepEqual(await spool.read(buffer), { length: 0, isFileEnd: true, isNewFile: false, inode: 0n });
  await spool.dropFinished();
  const read = await spool.read(buffer);
  assert.deepEqual([read.isNewFile, read.inode], [true, statSync(bench.log, { bigint: true }).ino]);
});

test("keeps a file that was read to its end until it is told that all of it is delivered", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  await spool.dropFinished();
  const buffer = Buffer.alloc(100);
  await spool.read(buffer);
  await spool.rotateWhenDue(soon);
  assert.equal((await spool.read(buffer)).isFileEnd, true);
  assert.deepEqual(readdirSync(bench.root).toSorted(), ["ctr.log", "ctr.log.1"]);
  await spool.dropFinished();
  assert.deepEqual(readdirSync(bench.root), ["ctr.log"]);
});

test("goes on as it is when conmon is gone", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ rotateBytes: 4, backlogBytes: 5 });
  writeFileSync(bench.log, "one\n");
  assert.equal(await readAll(spool), "one\n");
  bench.conmonIsGone = true;
  assert.equal(await spool.rotateWhenDue(soon), false);
  appendFileSync(bench.log, "two and more\n");
  assert.equal(await spool.enforceLimit(soon), 0);
  assert.equal(await readAll(spool), "two and more\n");
});

test("follows a conmon that was too slow for a rotation and switches later", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ rotateBytes: 10 });
  bench.conmonIsSlow = true;
  writeFileSync(bench.log, "first file\n");
  assert.equal(await readAll(spool), "first file\n");
  assert.equal(await spool.rotateWhenDue(soon), false);
  appendFileSync(bench.log, "its last\n");
  bench.switchLog();
  appendFileSync(bench.log, "second file\n");
  assert.equal(spool.hasMore, true);
  assert.equal(await readAll(spool), "its last\nsecond file\n");
  assert.deepEqual([spool.hasMore, readdirSync(bench.root)], [false, ["ctr.log"]]);
  bench.conmonIsSlow = false;
  assert.equal(await spool.rotateWhenDue(soon), true);
  appendFileSync(bench.log, "third file\n");
  assert.equal(await readAll(spool), "third file\n");
});

test("drops the oldest output when too much waits, and says how much", async () => {
  await using bench = new SpoolBench();
  const spool = bench.open({ backlogBytes: 20 });
  writeFileSync(bench.log, "0123456789\n");
  const buffer = Buffer.alloc(4);
  await spool.read(buffer);
  assert.equal(await spool.enforceLimit(soon), 0);
  appendFileSync(bench.log, "nobody takes this any more\n");
  assert.equal(await spool.enforceLimit(soon), 34);
  appendFileSync(bench.log, "new\n");
  assert.equal(await readAll(spool), "new\n");
  assert.deepEqual(readdirSync(bench.root), ["ctr.log"]);
});

test("goes on where an earlier plugin ended, in whichever file that was", async () => {
  await using bench = new SpoolBench();
  writeFileSync(`${bench.log}.1`, "old\n");
  writeFileSync(`${bench.log}.2`, "half done\n");
  writeFileSync(`${bench.log}.10`, "next\n");
  writeFileSync(bench.log, "last\n");
  writeFileSync(`${bench.log}.tmp`, "not a log");
  const progress = { inode: statSync(`${bench.log}.2`, { bigint: true }).ino, offsetBytes: 5 };
  assert.equal(await readAll(bench.open({ progress })), "done\nnext\nlast\n");
  assert.deepEqual(readdirSync(bench.root).toSorted(), ["ctr.log", "ctr.log.tmp"]);
});

test("begins at the oldest file when the one it knew is gone or shorter", async () => {
  for (const progress of [{ inode: 1n, offsetBytes: 3 }, undefined]) {
    await using bench = new SpoolBench();
    writeFileSync(`${bench.log}.4`, "one\n");
    writeFileSync(bench.log, "two\n");
    assert.equal(await readAll(bench.open({ progress })), "one\ntwo\n");
  }
  await using bench = new SpoolBench();
  writeFileSync(bench.log, "short\n");
  const progress = { inode: statSync(bench.log, { bigint: true }).ino, offsetBytes: 100 };
  assert.equal(await readAll(bench.open({ progress })), "short\n");
});

test("reads a file once that a plugin was killed in the middle of rotating", async () => {
  await using bench = new SpoolBench();
  writeFileSync(bench.log, "once\n");
  linkSync(bench.log, `${bench.log}.1`);
  assert.equal(await readAll(bench.open()), "once\n");
  assert.deepEqual(readdirSync(bench.root), ["ctr.log"]);
});

test("takes a new number for each rotation, also after a restart of the plugin", async () => {
  await using bench = new SpoolBench();
  writeFileSync(`${bench.log}.7`, "seven\n");
  writeFileSync(bench.log, "eight\n");
  const spool = bench.open({ rotateBytes: 1 });
  assert.equal(await readAll(spool), "seven\neight\n");
  await spool.rotateWhenDue(soon);
  assert.deepEqual(readdirSync(bench.root).toSorted(), ["ctr.log", "ctr.log.8"]);
});
