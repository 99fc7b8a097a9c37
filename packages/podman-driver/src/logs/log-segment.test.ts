import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  lchownSync,
  mkdtempSync,
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
import { EngineFolder } from "../host/engine-storage.ts";
import { LogSegment } from "./log-segment.ts";

const user = 1000;

/** A container's folder of an engine's user, with a log. */
class Container implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "source-"));
  readonly log = join(this.path, "ctr.log");
  readonly folder: EngineFolder;

  constructor(owners: { readonly log: number; readonly engine: number }) {
    writeFileSync(this.log, "0123456789");
    chownSync(this.log, owners.log, owners.log);
    chownSync(this.path, owners.engine, owners.engine);
    this.folder = EngineFolder.open(this.path, { uid: owners.engine, ruledIds: [] });
  }

  [Symbol.dispose](): void {
    this.folder.close();
    rmSync(this.path, { recursive: true });
  }
}

for (const owner of [0, user]) {
  test(`reads a log of the engine's own user ${owner}`, async () => {
    using container = new Container({ log: owner, engine: owner });
    const segment = LogSegment.open(container.folder, "ctr.log");
    const buffer = Buffer.alloc(4);
    assert.equal(await segment.read(buffer, 3), 4);
    assert.equal(buffer.toString(), "3456");
    assert.equal(await segment.read(buffer, 8), 2);
    assert.equal(await segment.read(buffer, 10), 0);
    appendFileSync(container.log, "more");
    assert.equal(await segment.read(buffer, 10), 4);
    await segment.close();
  });
}

test("refuses a file of root that a user's engine names, and of another user that root's names", () => {
  for (const owners of [{ log: 0, engine: user }, { log: user, engine: 0 }, { log: user + 1, engine: user }]) {
    using container = new Container(owners);
    assert.throws(() => LogSegment.open(container.folder, "ctr.log"), /is no regular file of user \d+, whose Podman it is: refused/);
  }
});

test("refuses what is no regular file, without waiting on it, and follows no link", () => {
  using container = new Container({ log: user, engine: user });
  const [fifo, link] = [join(container.path, "fifo"), join(container.path, "link")];
  execFileSync("mkfifo", [fifo]);
  chownSync(fifo, user, user);
  symlinkSync(container.log, link);
  lchownSync(link, user, user);
  assert.throws(() => LogSegment.open(container.folder, "fifo"), /is no regular file/);
  assert.throws(() => LogSegment.open(container.folder, "link"), { code: "ELOOP" });
});

test("empties the very file that it reads, whatever has its name by now", async () => {
  using container = new Container({ log: 0, engine: 0 });
  const segment = LogSegment.open(container.folder, "ctr.log");
  renameSync(container.log, `${container.log}.1`);
  writeFileSync(container.log, "another");
  assert.equal(segment.empty(), 10);
  assert.deepEqual([statSync(`${container.log}.1`).size, statSync(container.log).size, segment.sizeBytes], [0, 7, 0]);
  await segment.close();
});

test("leaves no descriptor open when it refuses, and none when it is closed, also when its file is deleted", async () => {
  const before = readdirSync("/proc/self/fd").length;
  {
    using container = new Container({ log: 0, engine: 0 });
    assert.throws(() => LogSegment.open(container.folder, "gone"), { code: "ENOENT" });
    const segments = [LogSegment.open(container.folder, "ctr.log"), LogSegment.open(container.folder, "ctr.log")];
    await segments[0]?.close();
    rmSync(container.log);
    await segments[1]?.close();
  }
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
