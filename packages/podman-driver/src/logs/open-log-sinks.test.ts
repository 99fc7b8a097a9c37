import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Logger } from "@driver/nomad-plugin";
import type { LogDestination } from "../config/log-route.ts";
import { LogTroubles } from "./log-troubles.ts";
import { openLogSinks, type LogSinks } from "./open-log-sinks.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const logger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => logger, with: () => logger };
const files = { maxFiles: 2, maxFileBytes: 100 };
const toFifos: LogDestination = { by: "nomad", files };
const toFiles: LogDestination = { by: "driver", files };

class AllocFolder implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "sinks-"));
  readonly allocDir = join(this.root, "alloc-id");
  readonly logs = join(this.allocDir, "alloc", "logs");

  constructor() {
    mkdirSync(this.logs, { recursive: true });
  }

  open(to: LogDestination, paths: { readonly stdoutPath: string; readonly stderrPath?: string }): Promise<LogSinks> {
    const task = { name: "web", allocDir: this.allocDir, stderrPath: "/dev/null", ...paths };
    const troubles = new LogTroubles({ taskId: "web", logger, emit: () => undefined });
    return openLogSinks({ task, to, isFresh: true, resumeAt: undefined, logger, troubles });
  }

  /** A FIFO that somebody reads; the descriptor. */
  makeFifo(path: string): number {
    mkdirSync(dirname(path), { recursive: true });
    execFileSync("mkfifo", [path]);
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

function readOut(fd: number): string {
  const buffer = Buffer.alloc(100);
  const text = buffer.toString("utf8", 0, readSync(fd, buffer));
  closeSync(fd);
  return text;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

for (const place of [
  "alloc-id/alloc/logs/.web.stdout.fifo",
  "alloc-id/alloc/.web.stdout.fifo",
  "alloc-id/fifos/of/this/task",
  "elsewhere/fifo",
]) {
  test(`writes to the FIFO that Nomad names, where it is: ${place}`, async () => {
    using alloc = new AllocFolder();
    const path = join(alloc.root, place);
    const reader = alloc.makeFifo(path);
    const before = descriptors();
    const sinks = await alloc.open(toFifos, { stdoutPath: path });
    await sinks.stdout.write([Buffer.from("text")], soon());
    assert.equal(readOut(reader), "text");
    await sinks.close();
    await new Promise(setImmediate);
    assert.equal(descriptors(), before - 1);
    assert.deepEqual(
      readdirSync(alloc.logs).filter((name) => name.startsWith("web.")),
      [],
    );
  });
}

test("follows no link below the allocation's folder to a FIFO, and one above it", async () => {
  using alloc = new AllocFolder();
  const reader = alloc.makeFifo(join(alloc.root, "elsewhere", "fifo"));
  symlinkSync(join(alloc.root, "elsewhere"), join(alloc.allocDir, "planted"));
  await assert.rejects(alloc.open(toFifos, { stdoutPath: join(alloc.allocDir, "planted", "fifo") }), { code: "ENOTDIR" });
  symlinkSync(join(alloc.root, "elsewhere"), join(alloc.root, "linked"));
  const sinks = await alloc.open(toFifos, { stdoutPath: join(alloc.root, "linked", "fifo") });
  await sinks.stdout.write([Buffer.from("text")], soon());
  assert.equal(readOut(reader), "text");
  await sinks.close();
});

test("writes its files in the allocation's log folder, wherever the FIFO would be", async () => {
  using alloc = new AllocFolder();
  const sinks = await alloc.open(toFiles, { stdoutPath: "/nonexistent/fifo" });
  await sinks.stdout.write([Buffer.from("text")], soon());
  assert.deepEqual([readFileSync(join(alloc.logs, "web.stdout.0"), "utf8"), existsSync(join(alloc.logs, "web.stderr.0"))], ["text", false]);
  await sinks.close();
});

test("leaves no descriptor open when a folder or a later file cannot be opened", async () => {
  using alloc = new AllocFolder();
  const before = descriptors();
  const fifo = join(alloc.logs, ".web.stdout.fifo");
  await assert.rejects(alloc.open(toFifos, { stdoutPath: fifo, stderrPath: join(alloc.root, "missing", "fifo") }), { code: "ENOENT" });
  execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=3", "tmpfs", alloc.logs]);
  try {
    writeFileSync(join(alloc.logs, "ballast"), "");
    await assert.rejects(alloc.open(toFiles, { stdoutPath: fifo, stderrPath: fifo }), { code: "ENOSPC" });
    assert.deepEqual(readdirSync(alloc.logs).toSorted(), ["ballast", "web.stdout.0"]);
  } finally {
    // Refused while a file in it is open.
    execFileSync("umount", [alloc.logs]);
  }
  renameSync(alloc.logs, `${alloc.logs}.old`);
  symlinkSync(`${alloc.logs}.old`, alloc.logs);
  for (const target of [toFifos, toFiles]) await assert.rejects(alloc.open(target, { stdoutPath: fifo }), { code: "ENOTDIR" });
  assert.equal(descriptors(), before);
});
