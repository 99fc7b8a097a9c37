import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GuardedDirectory } from "@driver/nomad-plugin";
import { until } from "@driver/testing";
import { defaultLogFiles } from "../config/resolve-log-files.ts";
import { FileLogSink } from "./file-log-sink.ts";
import { LogFolder } from "./log-folder.ts";
import { LogTroubles } from "./log-troubles.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** An allocation with a log folder, and what is said about its logs. */
class AllocBench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "file-sink-"));
  readonly logs = join(this.root, "logs");
  readonly said: string[] = [];
  readonly troubles: LogTroubles;
  #folder: LogFolder | undefined;
  readonly #sinks: FileLogSink[] = [];

  constructor() {
    mkdirSync(this.logs);
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    this.troubles = new LogTroubles({ taskId: "web", logger, emit: (text) => void this.said.push(text) });
  }

  get folder(): LogFolder {
    return (this.#folder ??= new LogFolder(() => GuardedDirectory.open(this.root, "logs")));
  }

  sink(stream: "stdout" | "stderr", maxFileBytes = 10): FileLogSink {
    const sink = FileLogSink.open({
      folder: this.folder,
      baseName: `web.${stream}`,
      maxFiles: 10,
      maxFileBytes,
      troubles: this.troubles,
    });
    this.#sinks.push(sink);
    return sink;
  }

  /** All of a stream, in the folder that is there now. */
  text(stream: "stdout" | "stderr"): string {
    const names = readdirSync(this.logs).filter((name) => name.startsWith(`web.${stream}.`));
    return names
      .toSorted((one, other) => Number(one.split(".")[2]) - Number(other.split(".")[2]))
      .map((name) => readFileSync(join(this.logs, name), "utf8"))
      .join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sink of this.#sinks) await sink.close();
    this.#folder?.close();
    rmSync(this.root, { recursive: true });
  }
}

test("writes on in a folder that was removed and made again, each stream for itself, and tells of it", async () => {
  await using bench = new AllocBench();
  const [stdout, stderr] = [bench.sink("stdout"), bench.sink("stderr")];
  await stdout.write([Buffer.from("0123456789")], soon());
  await stderr.write([Buffer.from("0123456789")], soon());
  rmSync(bench.logs, { recursive: true });
  mkdirSync(bench.logs);
  await Promise.all([stdout.write([Buffer.from("out")], soon()), stderr.write([Buffer.from("err")], soon())]);
  assert.deepEqual([bench.text("stdout"), bench.text("stderr"), bench.said.length], ["out", "err", 2]);
  assert.match(bench.said[0] ?? "", /^Logs: the log file web\.std(out|err) cannot be written; trying again: ENOENT/);
  await stdout.write([Buffer.from("0123456789")], soon());
  assert.equal(bench.text("stdout"), "out0123456789");
});

test("follows no link in the folder's place, and writes on when the folder is put back", async () => {
  await using bench = new AllocBench();
  const elsewhere = join(bench.root, "elsewhere");
  mkdirSync(elsewhere);
  const sink = bench.sink("stdout");
  await sink.write([Buffer.from("0123456789")], soon());
  const aside = join(bench.root, "aside");
  rmSync(bench.logs, { recursive: true });
  symlinkSync(elsewhere, bench.logs);
  const written = sink.write([Buffer.from("text")], soon());
  await until(() => bench.said.length > 0);
  mkdirSync(aside);
  rmSync(bench.logs);
  renameSync(aside, bench.logs);
  await written;
  assert.deepEqual([bench.text("stdout"), readdirSync(elsewhere)], ["text", []]);
});

test("opens its files with the first output, and as soon as there is room for them", async () => {
  await using bench = new AllocBench();
  execFileSync("mount", ["-t", "tmpfs", "-o", "nr_inodes=2", "tmpfs", bench.logs]);
  const sink = new FileLogSink({ folder: bench.folder, baseName: "web.stdout", ...defaultLogFiles, troubles: bench.troubles });
  try {
    writeFileSync(join(bench.logs, "ballast"), "");
    assert.throws(() => bench.sink("stderr"), { code: "ENOSPC" });
    const written = sink.write([Buffer.from("text")], soon());
    await until(() => bench.said.length > 0);
    rmSync(join(bench.logs, "ballast"));
    await written;
    assert.equal(bench.text("stdout"), "text");
    assert.deepEqual(bench.said.at(-1), "Logs: all is well again");
  } finally {
    await sink.close();
    bench.folder.close();
    execFileSync("umount", [bench.logs]);
  }
});

test("gives up with the caller's reason", async () => {
  await using bench = new AllocBench();
  const sink = bench.sink("stdout", 4);
  await sink.write([Buffer.from("full")], soon());
  rmSync(bench.logs, { recursive: true });
  const reason = new Error("enough");
  const stop = new AbortController();
  const written = sink.write([Buffer.from("text")], stop.signal);
  await until(() => bench.said.length > 0);
  stop.abort(reason);
  await assert.rejects(written, (error) => error === reason || (error as Error).cause === reason);
});
