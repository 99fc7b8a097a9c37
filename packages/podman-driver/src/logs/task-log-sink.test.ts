import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GuardedDirectory } from "@driver/nomad-plugin";
import { until, waitsAtFifo } from "@driver/testing";
import { ExhaustedDescriptors } from "./exhausted-descriptors.ts";
import { LogFolder } from "./log-folder.ts";
import { LogTroubles } from "./log-troubles.ts";
import { TaskLogSink, type TaskLogSinkOptions } from "./task-log-sink.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** The log folder of an allocation with one FIFO, read when the test says so. */
class SinkBench implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), "sink-"));
  readonly fifo = join(this.path, ".web.stdout.fifo");
  readonly warnings: string[] = [];
  readonly folder = new LogFolder(() => GuardedDirectory.open(this.path));
  readonly sink: TaskLogSink;
  #reader: number | undefined;

  constructor(options: Partial<TaskLogSinkOptions> = {}) {
    execFileSync("mkfifo", [this.fifo]);
    const logger = { debug: () => undefined, info: () => undefined, warn: (text: string) => void this.warnings.push(text) };
    const troubles = new LogTroubles({ taskId: "web", logger, emit: () => undefined });
    const { folder } = this;
    this.sink = new TaskLogSink({
      folder,
      fifoFolder: folder,
      fifoName: ".web.stdout.fifo",
      baseName: "web.stdout",
      logger,
      troubles,
      readerIsFresh: true,
      readerGraceMs: 30,
      returnIntervalMs: 0,
      ...options,
    });
  }

  enterReader(): void {
    this.#reader = openSync(this.fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  read(): string {
    const buffer = Buffer.alloc(1 << 16);
    try {
      return buffer.toString("utf8", 0, readSync(this.#reader ?? -1, buffer));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
      return "";
    }
  }

  leaveReader(): void {
    if (this.#reader !== undefined) closeSync(this.#reader);
    this.#reader = undefined;
  }

  write(text: string, signal = soon()): Promise<void> {
    return this.sink.write([Buffer.from(text)], signal);
  }

  file(index: number): string {
    return readFileSync(join(this.path, `web.stdout.${index}`), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sink.close();
    this.leaveReader();
    this.folder.close();
    rmSync(this.path, { recursive: true });
  }
}

test("writes to the FIFO while somebody reads it", async () => {
  await using bench = new SinkBench();
  bench.enterReader();
  await bench.write("one ");
  await bench.write("two");
  assert.equal(bench.read(), "one two");
  assert.deepEqual(readdirSync(bench.path), [".web.stdout.fifo"]);
});

test("waits for a reader that is late", async () => {
  await using bench = new SinkBench({ readerGraceMs: 20_000 });
  const written = bench.write("text");
  bench.enterReader();
  await written;
  assert.equal(bench.read(), "text");
});

test("writes the files when there is no reader, and says so once", async () => {
  await using bench = new SinkBench();
  await bench.write("one ");
  await bench.write("two");
  assert.equal(bench.file(0), "one two");
  assert.equal(bench.warnings.length, 1);
});

test("goes on in the files when the reader leaves, with what it did not take", async () => {
  await using bench = new SinkBench();
  bench.enterReader();
  await bench.write("one ");
  assert.equal(bench.read(), "one ");
  bench.leaveReader();
  await bench.write("two");
  assert.equal(bench.file(0), "two");
});

test("takes a reader that holds the FIFO open and reads nothing for gone, and takes back what it left there", async () => {
  await using bench = new SinkBench({ readerIsFresh: false });
  bench.enterReader();
  await bench.write("one ");
  await bench.write("two");
  assert.equal(bench.file(0), "one two");
  assert.equal(bench.read(), "");
});

test("returns to the FIFO when somebody reads it again", async () => {
  await using bench = new SinkBench({ readerIsFresh: false });
  await bench.write("filed");
  bench.enterReader();
  let text = "";
  let tries = 0;
  // A reader that is slow to take the first bytes counts as none: what it did not take is filed, and it is tried again.
  for (; text === ""; tries += 1) {
    const writing = { isDone: false };
    const written = bench.write("read").then(() => (writing.isDone = true));
    while (text === "" && !writing.isDone) {
      text = bench.read();
      await new Promise(setImmediate);
    }
    await written;
  }
  await bench.write(" on");
  assert.equal(text + bench.read(), "read on");
  assert.equal(bench.file(0), `filed${"read".repeat(tries - 1)}`);
});

test("follows no link in the place of the FIFO or of a file", async () => {
  await using bench = new SinkBench();
  const victim = join(bench.path, "victim");
  writeFileSync(victim, "untouched");
  rmSync(bench.fifo);
  symlinkSync(victim, bench.fifo);
  symlinkSync(victim, join(bench.path, "web.stdout.0"));
  await bench.write("text");
  assert.equal(readFileSync(victim, "utf8"), "untouched");
  assert.equal(bench.file(1), "text");
});

test("gives up waiting for a reader with the caller's reason", async () => {
  await using bench = new SinkBench({ readerGraceMs: 20_000 });
  const reason = new Error("enough");
  const stop = new AbortController();
  const written = bench.write("text", stop.signal);
  stop.abort(reason);
  await assert.rejects(written, (error) => error === reason || (error as Error).cause === reason);
});

test("waits for its living reader while no descriptor is left, and says so once", async () => {
  await using bench = new SinkBench();
  bench.enterReader();
  using exhausted = new ExhaustedDescriptors();
  const written = bench.write("text");
  await until(() => bench.warnings.length > 0);
  // Longer than a missing reader is waited for.
  await sleep(600);
  exhausted.end();
  await written;
  assert.deepEqual([bench.read(), readdirSync(bench.path)], ["text", [".web.stdout.fifo"]]);
  assert.deepEqual(bench.warnings, ["logs of task web: the log FIFO .web.stdout.fifo cannot be opened; trying again"]);
});

test("writes on when a full disk has room again, and repeats nothing", async () => {
  const mountPoint = mkdtempSync(join(tmpdir(), "sink-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mountPoint]);
  const folder = new LogFolder(() => GuardedDirectory.open(mountPoint));
  await using bench = new SinkBench({ folder });
  try {
    const ballast = join(mountPoint, "ballast");
    writeFileSync(ballast, Buffer.alloc(48 * 1024));
    const text = Array.from({ length: 4000 }, (_, index) => `${index}\n`).join("");
    const written = bench.write(text);
    while (bench.warnings.length < 2) await new Promise(setImmediate);
    rmSync(ballast);
    await written;
    await bench.sink.close();
    assert.equal(readFileSync(join(mountPoint, "web.stdout.0"), "utf8"), text);
    assert.match(bench.warnings[1] ?? "", /cannot be written; trying again/);
  } finally {
    folder.close();
    execFileSync("umount", [mountPoint]);
    rmSync(mountPoint, { recursive: true });
  }
});

test("lets a reader go that has waited in vain for the first byte, but not before the task has ended", async (context) => {
  const bench = new SinkBench();
  const reader = spawn("cat", [bench.fifo], { stdio: "ignore" });
  context.after(() => reader.kill());
  const gone = once(reader, "exit");
  await until(() => waitsAtFifo(reader.pid) || reader.exitCode !== null);
  assert.equal(reader.exitCode, null);
  bench.sink.finish();
  await bench[Symbol.asyncDispose]();
  assert.deepEqual(await gone, [0, null]);
});
