import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, chownSync, lchownSync, linkSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LogSegment } from "./log-segment.ts";

const user = 1000;

/** A log and a file that stands for the engine's socket; only its owner counts. */
class EngineFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "source-"));
  readonly log = join(this.path, "ctr.log");
  readonly socket = join(this.path, "socket");

  constructor(owners: { readonly log: number; readonly socket: number }) {
    writeFileSync(this.log, "0123456789");
    writeFileSync(this.socket, "");
    chownSync(this.log, owners.log, owners.log);
    chownSync(this.socket, owners.socket, owners.socket);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

for (const owner of [0, user]) {
  test(`reads a log of the engine's own user ${owner}`, async () => {
    using engine = new EngineFolder({ log: owner, socket: owner });
    const source = LogSegment.open(engine.log, engine.socket);
    const buffer = Buffer.alloc(4);
    assert.equal(await source.read(buffer, 3), 4);
    assert.equal(buffer.toString(), "3456");
    assert.equal(await source.read(buffer, 8), 2);
    assert.equal(await source.read(buffer, 10), 0);
    appendFileSync(engine.log, "more");
    assert.equal(await source.read(buffer, 10), 4);
    await source.close();
  });
}

test("refuses a file of root that a user's engine names, and of another user that root's names", async () => {
  for (const owners of [{ log: 0, socket: user }, { log: user, socket: 0 }, { log: user + 1, socket: user }]) {
    using engine = new EngineFolder(owners);
    assert.throws(() => LogSegment.open(engine.log, engine.socket), /is not a file of the engine's user: refused to read it/);
  }
});

test("refuses what is no regular file, without waiting on it", async () => {
  using engine = new EngineFolder({ log: 0, socket: 0 });
  const fifo = join(engine.path, "fifo");
  execFileSync("mkfifo", [fifo]);
  for (const path of [fifo, engine.path, "/dev/null"]) assert.throws(() => LogSegment.open(path, engine.socket), /is not a file of the engine's user/);
});

test("follows no symbolic link, whoever owns it", async () => {
  using engine = new EngineFolder({ log: user, socket: user });
  const link = join(engine.path, "link");
  symlinkSync(engine.log, link);
  lchownSync(link, user, user);
  assert.throws(() => LogSegment.open(link, engine.socket), { code: "ELOOP" });
});

test("judges a hard link by the owner of the file itself", async () => {
  using engine = new EngineFolder({ log: 0, socket: user });
  const link = join(engine.path, "hard");
  linkSync(engine.log, link);
  assert.throws(() => LogSegment.open(link, engine.socket), /refused to read it/);
});

test("leaves no descriptor open when it refuses, and when the socket has vanished", async () => {
  const before = readdirSync("/proc/self/fd").length;
  using engine = new EngineFolder({ log: 0, socket: user });
  assert.throws(() => LogSegment.open(engine.log, engine.socket));
  assert.throws(() => LogSegment.open(engine.log, join(engine.path, "gone")), { code: "ENOENT" });
  assert.throws(() => LogSegment.open(join(engine.path, "gone"), engine.socket), { code: "ENOENT" });
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
