import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GuardedDirectory } from "@driver/nomad-plugin";
import { ExhaustedDescriptors } from "./exhausted-descriptors.ts";
import { FifoGate } from "./fifo-gate.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

class GateBench implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "gate-"));
  readonly fifo = join(this.path, "fifo");
  readonly #directory = GuardedDirectory.open(this.path);
  readonly gate = new FifoGate((name) => this.#directory.openFifoForWriting(name), "fifo");

  constructor() {
    execFileSync("mkfifo", [this.fifo]);
  }

  enterReader(): number {
    return openSync(this.fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  [Symbol.dispose](): void {
    this.gate.close();
    this.#directory.close();
    rmSync(this.path, { recursive: true });
  }
}

test("is open when somebody has the reading end, and holds the writing end then", () => {
  using bench = new GateBench();
  assert.equal(bench.gate.open(), false);
  const reader = bench.enterReader();
  assert.equal(bench.gate.open(), true);
  bench.gate.openWriter()?.close();
  // EAGAIN and not the end: a writer is left.
  assert.throws(() => readSync(reader, Buffer.alloc(1)), { code: "EAGAIN" });
  closeSync(reader);
});

for (const what of ["nothing", "a link", "a file", "a folder"]) {
  test(`has no reader where ${what} stands in the FIFO's place`, () => {
    using bench = new GateBench();
    rmSync(bench.fifo);
    if (what === "a link") symlinkSync("elsewhere", bench.fifo);
    if (what === "a file") writeFileSync(bench.fifo, "");
    if (what === "a folder") execFileSync("mkdir", [bench.fifo]);
    assert.deepEqual([bench.gate.open(), bench.gate.openWriter()], [false, undefined]);
  });
}

test("does not take it for a missing reader that no descriptor is left", () => {
  using bench = new GateBench();
  const reader = bench.enterReader();
  {
    using _exhausted = new ExhaustedDescriptors();
    assert.throws(() => bench.gate.open(), { code: "EMFILE" });
  }
  assert.equal(bench.gate.open(), true);
  {
    using _exhausted = new ExhaustedDescriptors();
    assert.throws(() => bench.gate.openWriter(), { code: "EMFILE" });
  }
  bench.gate.openWriter()?.close();
  closeSync(reader);
});

test("does not take a FIFO for empty that it cannot look into, and takes back what is in it as soon as it can", async () => {
  using bench = new GateBench();
  const corpse = bench.enterReader();
  bench.gate.open();
  using exhausted = new ExhaustedDescriptors();
  const troubles: unknown[] = [];
  const onTrouble = (error: unknown): void => {
    troubles.push((error as NodeJS.ErrnoException).code);
    if (troubles.length === 2) exhausted.end();
  };
  const { alive, undelivered } = await bench.gate.probe(Buffer.from("text"), { waitMs: 20, signal: soon(), onTrouble });
  assert.deepEqual([alive, Buffer.concat(undelivered).toString(), troubles], [false, "text", ["EMFILE", "EMFILE"]]);
  closeSync(corpse);
});

test("writes to the FIFO that it has opened, and goes over to another only when nobody reads that one", () => {
  using bench = new GateBench();
  const reader = bench.enterReader();
  assert.equal(bench.gate.open(), true);
  renameSync(bench.fifo, `${bench.fifo}.old`);
  execFileSync("mkfifo", [bench.fifo]);
  const laterReader = bench.enterReader();
  assert.equal(bench.gate.open(), true);
  assert.throws(() => readSync(reader, Buffer.alloc(1)), { code: "EAGAIN" });
  closeSync(reader);
  assert.equal(bench.gate.open(), true);
  assert.throws(() => readSync(laterReader, Buffer.alloc(1)), { code: "EAGAIN" });
  closeSync(laterReader);
});

test("leaves no descriptor open", async () => {
  const before = readdirSync("/proc/self/fd").length;
  {
    using bench = new GateBench();
    const reader = bench.enterReader();
    bench.gate.open();
    await bench.gate.probe(Buffer.from("text"), { waitMs: 0, signal: soon(), onTrouble: assert.fail });
    closeSync(reader);
  }
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
