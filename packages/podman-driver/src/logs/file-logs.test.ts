import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
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
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Logger } from "@driver/nomad-plugin";
import { LogReader, plainTask, until } from "@driver/testing";
import type { LogDestination } from "../config/log-route.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import { Heartbeat } from "../host/heartbeat.ts";
import { hostRoots } from "../host/proc-files.ts";
import { ExhaustedDescriptors } from "./exhausted-descriptors.ts";
import { FileLogs } from "./file-logs.ts";
import { LogPosition, type LogProgress } from "./log-position.ts";
import { LogTroubles } from "./log-troubles.ts";
import { SliceBuffers } from "./slice-buffers.ts";
import { TaskLogs } from "./task-logs.ts";

const files = { maxFiles: 10, maxFileBytes: 1_048_576 };
const limits = { timeoutMs: 10_000, mostMs: 20_000 };
const logger: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => logger, with: () => logger };

/** A container of an engine and the allocation of its task, with a conmon that does as it is asked while `conmonActs`. */
class LogsBench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "file-logs-"));
  readonly storage = join(this.root, "userdata");
  readonly log = join(this.storage, "ctr.log");
  readonly socket = join(this.root, "podman.sock");
  readonly allocDir = join(this.root, "alloc-id");
  readonly logs = join(this.allocDir, "alloc", "logs");
  readonly fifo = join(this.logs, ".web.stdout.fifo");
  readonly events: string[] = [];
  readonly dropped: number[] = [];
  conmonActs = true;
  readonly #heartbeat = new Heartbeat(new RepeatedFailure(logger, "a beat failed"), 5);
  readonly #conmon: number;
  readonly #acts: NodeJS.Timeout;
  #taskLogs: TaskLogs | undefined;
  #reader: LogReader | undefined;

  constructor() {
    for (const folder of [this.storage, this.logs, join(this.allocDir, "web")]) mkdirSync(folder, { recursive: true });
    writeFileSync(this.log, "");
    writeFileSync(this.socket, "");
    execFileSync("mkfifo", [join(this.storage, "ctl")]);
    this.#conmon = openSync(join(this.storage, "ctl"), constants.O_RDWR | constants.O_NONBLOCK);
    this.#acts = setInterval(() => {
      if (this.conmonActs) this.act();
    }, 2);
  }

  open(options: { readonly to?: LogDestination; readonly limitBytes?: number; readonly isFresh?: boolean } = {}): TaskLogs {
    const troubles = new LogTroubles({ taskId: "web", logger, emit: (text) => void this.events.push(text) });
    const carrier = new FileLogs({
      task: plainTask({ name: "web", allocDir: this.allocDir, stdoutPath: this.fifo }),
      containerId: "c0ffee",
      to: { by: "driver", files },
      findPlace: () => Promise.resolve({ logPath: this.log, staticDir: this.storage }),
      socketPath: this.socket,
      conmon: undefined,
      roots: hostRoots,
      limitBytes: undefined,
      isFresh: true,
      heartbeat: this.#heartbeat,
      buffers: new SliceBuffers(),
      logger,
      troubles,
      onDropped: (lostBytes) => void this.dropped.push(lostBytes),
      ...options,
    });
    return (this.#taskLogs = new TaskLogs({ carrier, troubles, intervals: { retryMs: 5, retryMostMs: 20, settledMs: 10 } }));
  }

  /** Nomad's collector on its FIFO. */
  async openReader(): Promise<LogReader> {
    execFileSync("mkfifo", [this.fifo]);
    return (this.#reader = await LogReader.open(this.fifo));
  }

  /** The task's output, as conmon writes it. */
  write(text: string): void {
    appendFileSync(this.log, `2026-11-23T00:17:17.367408017+00:00 stdout F ${text}\n`);
  }

  get collected(): string {
    return existsSync(join(this.logs, "web.stdout.0")) ? readFileSync(join(this.logs, "web.stdout.0"), "utf8") : "";
  }

  /** Bytes of the container's log on the disk. */
  get keptBytes(): number {
    return readdirSync(this.storage)
      .filter((name) => name.startsWith("ctr.log"))
      .reduce((sum, name) => sum + statSync(join(this.storage, name)).size, 0);
  }

  /** conmon does what it has been asked. */
  act(): void {
    const buffer = Buffer.alloc(100);
    try {
      if (readSync(this.#conmon, buffer) === 0) return;
      writeFileSync(`${this.log}.tmp`, "");
      renameSync(`${this.log}.tmp`, this.log);
    } catch {
      // It was asked for nothing, or no descriptor is left.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#taskLogs?.close();
    await this.#reader?.close();
    clearInterval(this.#acts);
    closeSync(this.#conmon);
    this.#heartbeat.close();
    rmSync(this.root, { recursive: true });
  }
}

test("collects all that was written meanwhile when the log folder was something else at the start and is put back", async () => {
  await using bench = new LogsBench();
  const elsewhere = join(bench.root, "elsewhere");
  mkdirSync(elsewhere);
  renameSync(bench.logs, `${bench.logs}.aside`);
  symlinkSync(elsewhere, bench.logs);
  const logs = bench.open();
  bench.write("first");
  await until(() => bench.events.length > 0);
  bench.write("second");
  rmSync(bench.logs);
  renameSync(`${bench.logs}.aside`, bench.logs);
  await until(() => bench.collected === "first\nsecond\n");
  bench.write("third");
  await logs.drain(limits);
  assert.deepEqual([bench.collected, readdirSync(elsewhere)], ["first\nsecond\nthird\n", []]);
  assert.match(bench.events[0] ?? "", /^Logs: the output cannot be collected; trying again: ENOTDIR/);
});

test("collects all that was written meanwhile when the disk was full at the start and has room later", async () => {
  await using bench = new LogsBench();
  execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=3", "tmpfs", bench.logs]);
  try {
    for (const name of ["one", "two"]) writeFileSync(join(bench.logs, name), "");
    const logs = bench.open();
    bench.write("first");
    await until(() => bench.events.length > 0);
    for (const name of ["one", "two"]) rmSync(join(bench.logs, name));
    await until(() => bench.collected === "first\n");
    await logs.drain(limits);
    await logs.close();
    assert.match(bench.events.join("\n"), /^Logs: the output cannot be collected; trying again: ENOSPC.*\nLogs: all is well again$/);
  } finally {
    execFileSync("umount", [bench.logs]);
  }
});

test("keeps the container's log within its limit although nothing can be collected, and tells of it at once and at the end", async () => {
  await using bench = new LogsBench();
  rmSync(bench.logs, { recursive: true });
  const logs = bench.open({ limitBytes: 100_000 });
  const line = "x".repeat(1000);
  for (let round = 0; round < 20; round += 1) {
    for (let count = 0; count < 60; count += 1) bench.write(line);
    await until(() => bench.keptBytes <= 100_000 + 60 * 1100);
  }
  await until(() => bench.keptBytes <= 100_000);
  assert.equal(bench.dropped.length, 1);
  mkdirSync(bench.logs);
  bench.write("last");
  await until(() => bench.collected.endsWith("last\n"));
  await logs.drain(limits);
  await logs.close();
  const lostBytes = bench.dropped.reduce((sum, bytes) => sum + bytes, 0);
  const keptLines = bench.collected.split("\n").length - 2;
  assert.equal(bench.dropped.length, 2);
  assert.equal(lostBytes + keptLines * (1000 + 46), 20 * 60 * (1000 + 46));
});

test("remembers after a loss where what is left begins, since the number of a deleted file is another's soon", async () => {
  await using bench = new LogsBench();
  const logs = bench.open({ limitBytes: 65_536 });
  bench.write("first");
  await until(() => bench.collected === "first\n");
  await logs.close();
  const load = (): LogProgress | undefined => {
    const position = new LogPosition({ allocDir: bench.allocDir, name: "web" }, "c0ffee", logger);
    try {
      return position.load();
    } finally {
      position.close();
    }
  };
  assert.equal(load()?.inode, statSync(bench.log, { bigint: true }).ino);
  renameSync(bench.logs, `${bench.logs}.aside`);
  bench.open({ limitBytes: 65_536, isFresh: false });
  for (let count = 0; count < 200; count += 1) bench.write("x".repeat(1000));
  await until(() => bench.dropped.length === 1);
  assert.deepEqual(load(), { inode: statSync(bench.log, { bigint: true }).ino, offsetBytes: 0 });
});

test("keeps the container's log within its limit although nobody can tell how far it was delivered", async () => {
  await using bench = new LogsBench();
  const folder = join(bench.allocDir, "web");
  rmSync(folder, { recursive: true });
  symlinkSync("elsewhere", folder);
  const logs = bench.open({ limitBytes: 100_000, isFresh: false });
  for (let count = 0; count < 200; count += 1) bench.write("x".repeat(1000));
  await until(() => bench.keptBytes <= 100_000 && bench.dropped.length === 1);
  rmSync(folder);
  mkdirSync(folder);
  bench.write("last");
  await until(() => bench.collected === "last\n");
  await logs.drain(limits);
});

test("needs no socket for a rotation once it is under way, and none of it is lost or repeated", async () => {
  await using bench = new LogsBench();
  const logs = bench.open({ limitBytes: 65_536 });
  bench.write("first");
  await until(() => bench.collected === "first\n");
  rmSync(bench.socket);
  const lines = Array.from({ length: 3000 }, (_, index) => `line ${index} ${"x".repeat(100)}`);
  for (const [index, line] of lines.entries()) {
    bench.write(line);
    if (index % 100 === 0) await until(() => bench.collected.split("\n").length > index);
  }
  await logs.drain(limits);
  assert.equal(bench.collected, ["first", ...lines, ""].join("\n"));
  assert.ok(bench.keptBytes < 200_000, `${bench.keptBytes} bytes are left`);
  assert.deepEqual([bench.dropped, bench.events], [[], []]);
});

test("goes on after a failure in the middle, repeats nothing, and does not let go of Nomad's reader", async () => {
  await using bench = new LogsBench();
  const reader = await bench.openReader();
  const logs = bench.open({ to: { by: "nomad", files }, limitBytes: 65_536 });
  bench.write("first");
  await reader.until((text) => text === "first\n");
  bench.conmonActs = false;
  const lines = Array.from({ length: 400 }, (_, index) => `line ${index} ${"x".repeat(100)}`);
  for (const line of lines) bench.write(line);
  await reader.until((text) => text.includes("line 399 "));
  {
    // conmon begins a new file that cannot be opened now.
    await until(() => existsSync(`${bench.log}.1`));
    bench.act();
    using _exhausted = new ExhaustedDescriptors();
    await until(() => bench.events.some((event) => /trying again: EMFILE/.test(event)));
  }
  bench.write("last");
  await reader.until((text) => text.endsWith("last\n"));
  await logs.drain(limits);
  await logs.close();
  assert.equal((await reader.whole()).toString(), ["first", ...lines, "last", ""].join("\n"));
});

test("touches nothing in a folder of somebody else that a user's engine names, and says so", async () => {
  await using bench = new LogsBench();
  chownSync(bench.socket, 1000, 1000);
  for (const name of ["ctr.log.1", "ctr.log.2"]) {
    writeFileSync(join(bench.storage, name), name);
    chownSync(join(bench.storage, name), 1000, 1000);
  }
  chownSync(bench.log, 1000, 1000);
  const before = readdirSync(bench.storage).toSorted();
  const logs = bench.open({ limitBytes: 65_536 });
  await until(() => bench.events.length > 0);
  assert.match(
    bench.events[0] ?? "",
    /cannot be collected; trying again: the folder .*userdata, which Podman names, is of user 0 and not of user 1000, .*: refused/,
  );
  await logs.close();
  assert.deepEqual([readdirSync(bench.storage).toSorted(), bench.collected], [before, ""]);
});

test("leaves no descriptor open, whether or not it could open anything", async () => {
  const before = readdirSync("/proc/self/fd").length;
  for (const isWhole of [true, false]) {
    await using bench = new LogsBench();
    if (!isWhole) rmSync(bench.logs, { recursive: true });
    const logs = bench.open();
    bench.write("text");
    await until(() => (isWhole ? bench.collected === "text\n" : bench.events.length > 0));
    await logs.close();
  }
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
