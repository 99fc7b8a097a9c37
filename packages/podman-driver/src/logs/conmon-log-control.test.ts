import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EngineFolder } from "../host/engine-storage.ts";
import { ConmonLogControl } from "./conmon-log-control.ts";

/** A container's folder with conmon's FIFO. */
class ControlBench implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "control-"));
  readonly ctl = join(this.root, "ctl");
  readonly folder = EngineFolder.open(this.root, { uid: 0, ruledIds: [] });
  readonly control = new ConmonLogControl((use) => use(this.folder));

  constructor() {
    execFileSync("mkfifo", [this.ctl]);
  }

  openConmon(): number {
    return openSync(this.ctl, constants.O_RDWR | constants.O_NONBLOCK);
  }

  [Symbol.dispose](): void {
    this.folder.close();
    rmSync(this.root, { recursive: true });
  }
}

test("asks conmon for a new log file, and only looks whether it is there", () => {
  using bench = new ControlBench();
  const conmon = bench.openConmon();
  const buffer = Buffer.alloc(100);
  assert.deepEqual(bench.control.look(), { kind: "told" });
  assert.throws(() => readSync(conmon, buffer), { code: "EAGAIN" });
  assert.deepEqual(bench.control.ask(), { kind: "told" });
  assert.equal(buffer.toString("latin1", 0, readSync(conmon, buffer)), "2 0 0\n");
  closeSync(conmon);
});

test("takes a FIFO without a reader, and nothing else, for a conmon that is gone", () => {
  using bench = new ControlBench();
  const before = readdirSync("/proc/self/fd").length;
  assert.deepEqual([bench.control.look(), bench.control.ask()], [{ kind: "gone" }, { kind: "gone" }]);
  const conmon = bench.openConmon();
  chownSync(bench.ctl, 1000, 1000);
  assert.equal(bench.control.ask().kind, "not-now");
  chownSync(bench.ctl, 0, 0);
  for (let isFull = false; !isFull; ) {
    try {
      writeSync(conmon, Buffer.alloc(4096));
    } catch {
      isFull = true;
    }
  }
  const full = bench.control.ask();
  assert.ok(full.kind === "not-now" && (full.error as NodeJS.ErrnoException).code === "EAGAIN");
  closeSync(conmon);
  rmSync(bench.ctl);
  assert.equal(bench.control.ask().kind, "not-now");
  writeFileSync(bench.ctl, "");
  assert.deepEqual([bench.control.ask().kind, readFileSync(bench.ctl, "utf8")], ["not-now", ""]);
  bench.folder.close();
  assert.equal(bench.control.ask().kind, "not-now");
  assert.equal(readdirSync("/proc/self/fd").length, before - 1);
});
