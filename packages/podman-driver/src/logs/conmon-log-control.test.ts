import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConmonLogControl } from "./conmon-log-control.ts";

/** Shorter than a conmon that does not answer is given. */
const soon = (): AbortSignal => AbortSignal.timeout(2000);

/** A container's folder, and a conmon that does what the test lets it do. */
class ControlBench implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "control-"));
  readonly log = join(this.root, "ctr.log");
  readonly rotated = `${this.log}.1`;
  readonly control = new ConmonLogControl({ staticDir: this.root, logPath: this.log, socketPath: this.root });
  readonly #ctl = join(this.root, "ctl");

  constructor() {
    execFileSync("mkfifo", [this.#ctl]);
    writeFileSync(this.log, "old");
  }

  openConmon(): number {
    return openSync(this.#ctl, constants.O_RDWR | constants.O_NONBLOCK);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

test("has conmon begin a new file and keeps the old one", async () => {
  using bench = new ControlBench();
  const conmon = bench.openConmon();
  const rotating = bench.control.rotate(bench.rotated, soon());
  const message = Buffer.alloc(100);
  assert.equal(message.toString("latin1", 0, readSync(conmon, message)), "2 0 0\n");
  writeFileSync(`${bench.log}.new`, "new");
  renameSync(`${bench.log}.new`, bench.log);
  assert.equal(await rotating, true);
  assert.deepEqual([readFileSync(bench.rotated, "utf8"), readFileSync(bench.log, "utf8")], ["old", "new"]);
  closeSync(conmon);
});

test("changes nothing when conmon is gone, or is no FIFO", async () => {
  using bench = new ControlBench();
  assert.equal(await bench.control.rotate(bench.rotated, soon()), false);
  rmSync(join(bench.root, "ctl"));
  writeFileSync(join(bench.root, "ctl"), "");
  assert.equal(await bench.control.rotate(bench.rotated, soon()), false);
  assert.deepEqual([existsSync(bench.rotated), readFileSync(join(bench.root, "ctl"), "utf8")], [false, ""]);
});

test("does not wait for a conmon that ended without a look at its messages", async () => {
  using bench = new ControlBench();
  const conmon = bench.openConmon();
  const rotating = bench.control.rotate(bench.rotated, soon());
  closeSync(conmon);
  assert.equal(await rotating, false);
  assert.equal(existsSync(bench.rotated), false);
});
