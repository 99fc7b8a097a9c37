import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "@driver/testing";
import fc from "fast-check";
import { EngineFolder } from "../host/engine-storage.ts";
import { LogPosition } from "./log-position.ts";
import { LogPump } from "./log-pump.ts";
import type { LogSink } from "./log-sink.ts";
import { LogSpool } from "./log-spool.ts";
import { SliceBuffers } from "./slice-buffers.ts";

interface Line {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
  readonly full: boolean;
}

/** As conmon writes it. */
function encodeLine({ stream, bytes, full }: Line): Buffer {
  return Buffer.concat([Buffer.from(`2026-11-23T00:17:17.367408017+00:00 ${stream} ${full ? "F" : "P"} `), bytes, Buffer.from("\n")]);
}

function outputOf(lines: readonly Line[], stream: Line["stream"]): Buffer {
  return Buffer.concat(
    lines.filter((line) => line.stream === stream).flatMap(({ bytes, full }) => (full ? [bytes, Buffer.from("\n")] : [bytes])),
  );
}

const line = (text: string, stream: Line["stream"] = "stdout"): Line => ({ stream, bytes: Buffer.from(text), full: true });

/** Takes what comes, when the test lets it. */
class Collector implements LogSink {
  readonly #pieces: Buffer[] = [];
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;
  failure: Error | undefined;
  waiting = 0;

  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#gate = undefined;
    this.#open();
  }

  async write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    if (this.#gate !== undefined) await this.#waitAtGate(this.#gate, signal);
    for (const chunk of chunks) this.#pieces.push(Buffer.from(chunk));
  }

  async #waitAtGate(gate: Promise<void>, signal: AbortSignal): Promise<void> {
    this.waiting += 1;
    const aborted = new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
    );
    try {
      await Promise.race([gate, aborted]);
    } finally {
      this.waiting -= 1;
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  finish(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A log file, its position, and a pump on them; a second pump goes on where the first was ended. */
class PumpBench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "pump-"));
  readonly log = join(this.root, "ctr.log");
  readonly stdout = new Collector();
  readonly stderr = new Collector();
  /** Whom to tell that conmon has written. */
  readonly watchers = new Set<() => void>();
  /** Harms the next spool. */
  makeFailing: (spool: LogSpool) => void = () => undefined;
  readonly #buffers = new SliceBuffers();
  readonly #cleanUps: (() => Promise<void>)[] = [];

  constructor() {
    mkdirSync(join(this.root, "web"));
    writeFileSync(this.log, "");
  }

  async startPump(): Promise<LogPump> {
    const position = new LogPosition({ allocDir: this.root, name: "web" }, "c0ffee", { warn: assert.fail });
    const control = { look: () => ({ kind: "gone" }) as const, ask: () => ({ kind: "gone" }) as const };
    const folder = EngineFolder.open(this.root, { uid: 0, ruledIds: [] });
    const spool = await LogSpool.open({ folder, name: "ctr.log", control });
    await spool.goOnAt(position.load());
    const sinks = { stdout: this.stdout, stderr: this.stderr, filePositions: () => undefined };
    const watch = (onOutput: () => void): { close(): void } => {
      this.watchers.add(onOutput);
      return { close: () => void this.watchers.delete(onOutput) };
    };
    this.makeFailing(spool);
    const pump = new LogPump({ spool, sinks, position, buffers: this.#buffers, watch });
    this.#cleanUps.push(async () => {
      await pump.close();
      await spool.close();
      folder.close();
      position.close();
    });
    return pump;
  }

  /** Bytes of conmon's file that a next plugin would not deliver again. */
  get deliveredBytes(): number {
    const position = new LogPosition({ allocDir: this.root, name: "web" }, "c0ffee", { warn: assert.fail });
    try {
      return position.load()?.offsetBytes ?? 0;
    } finally {
      position.close();
    }
  }

  async endPump(): Promise<void> {
    await this.#cleanUps.pop()?.();
  }

  async untilReceived(length: number): Promise<void> {
    while (this.stdout.bytes().length < length) await new Promise(setImmediate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanUp of this.#cleanUps) await cleanUp();
    rmSync(this.root, { recursive: true });
  }
}

const anyLine: fc.Arbitrary<Line> = fc.record({
  stream: fc.constantFrom("stdout", "stderr"),
  bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.map((byte) => (byte === 10 ? 11 : byte))),
  full: fc.boolean(),
});

test("restores each stream byte for byte, however conmon's writes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyLine, { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 }),
      async (lines, sizes) => {
        await using bench = new PumpBench();
        const pump = await bench.startPump();
        const file = Buffer.concat(lines.map(encodeLine));
        for (let at = 0, turn = 0; at < file.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          appendFileSync(bench.log, file.subarray(at, at + size));
          for (const onOutput of bench.watchers) onOutput();
          await new Promise(setImmediate);
          at += size;
        }
        await pump.drain();
        assert.deepEqual(bench.stdout.bytes(), outputOf(lines, "stdout"));
        assert.deepEqual(bench.stderr.bytes(), outputOf(lines, "stderr"));
        assert.equal(bench.deliveredBytes, file.length);
      },
    ),
    { numRuns: 40 },
  );
});

test("carries more than many slices hold, in both streams", async () => {
  await using bench = new PumpBench();
  const lines = Array.from({ length: 30_000 }, (_, index) =>
    line(`line ${index} ${"x".repeat(index % 90)}`, index % 3 === 0 ? "stderr" : "stdout"),
  );
  writeFileSync(bench.log, Buffer.concat(lines.map(encodeLine)));
  await (await bench.startPump()).drain();
  assert.deepEqual(bench.stdout.bytes(), outputOf(lines, "stdout"));
  assert.deepEqual(bench.stderr.bytes(), outputOf(lines, "stderr"));
});

test("carries a line longer than a slice", async () => {
  await using bench = new PumpBench();
  const lines = [line("before"), line("y".repeat(300_000)), line("after")];
  writeFileSync(bench.log, Buffer.concat(lines.map(encodeLine)));
  await (await bench.startPump()).drain();
  assert.deepEqual(bench.stdout.bytes(), outputOf(lines, "stdout"));
});

test("delivers a last line that conmon was killed in, and once only", async () => {
  await using bench = new PumpBench();
  writeFileSync(bench.log, Buffer.concat([encodeLine(line("whole")), Buffer.from("2026-11-23T00:17:17.367408017+00:00 stdout F half")]));
  await (await bench.startPump()).drain();
  await bench.endPump();
  await (await bench.startPump()).drain();
  assert.equal(bench.stdout.bytes().toString(), "whole\nhalf");
});

test("delivers nothing twice when a pump in between had nothing to deliver", async () => {
  await using bench = new PumpBench();
  writeFileSync(bench.log, encodeLine(line("once")));
  for (let times = 0; times < 3; times += 1) {
    await (await bench.startPump()).drain();
    await bench.endPump();
  }
  assert.equal(bench.stdout.bytes().toString(), "once\n");
});

test("goes on where an earlier pump ended, in the middle of conmon's line or not", async () => {
  await using bench = new PumpBench();
  const first = encodeLine(line("first"));
  const second = encodeLine(line("second"));
  appendFileSync(bench.log, Buffer.concat([first, second.subarray(0, 20)]));
  await bench.startPump();
  await bench.untilReceived("first\n".length);
  await bench.endPump();
  appendFileSync(bench.log, second.subarray(20));
  await (await bench.startPump()).drain();
  assert.equal(bench.stdout.bytes().toString(), "first\nsecond\n");
});

test("waits for a slow reader, and settles the drain only when all is delivered", async () => {
  await using bench = new PumpBench();
  const lines = Array.from({ length: 5000 }, (_, index) => line(`line ${index}`));
  bench.stdout.hold();
  writeFileSync(bench.log, Buffer.concat(lines.map(encodeLine)));
  const pump = await bench.startPump();
  let isDrained = false;
  const drained = pump.drain().then(() => (isDrained = true));
  while (bench.stdout.waiting === 0) await new Promise(setImmediate);
  for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
  assert.deepEqual([isDrained, bench.deliveredBytes < 100_000], [false, true]);
  bench.stdout.release();
  await drained;
  assert.deepEqual(bench.stdout.bytes(), outputOf(lines, "stdout"));
});

test("asks to be told of output while there is none, and not while it flows", async (context) => {
  await using bench = new PumpBench();
  await bench.startPump();
  const untilWatched = async (count: number): Promise<void> => {
    await until(() => bench.watchers.size === count);
  };
  await untilWatched(1);
  const flow = setInterval(() => {
    appendFileSync(bench.log, encodeLine(line("text")));
    for (const onOutput of bench.watchers) onOutput();
  }, 1);
  context.after(() => clearInterval(flow));
  await untilWatched(0);
  clearInterval(flow);
  await untilWatched(1);
  const before = bench.stdout.bytes().length;
  appendFileSync(bench.log, encodeLine(line("last")));
  for (const onOutput of bench.watchers) onOutput();
  await bench.untilReceived(before + "last\n".length);
  await bench.endPump();
  assert.equal(bench.watchers.size, 0);
});

test("lets others run in between, though neither its reads nor its readers wait for anything", async () => {
  await using bench = new PumpBench();
  const pump = await bench.startPump();
  await until(() => bench.watchers.size === 1);
  appendFileSync(bench.log, encodeLine(line("first")));
  for (const onOutput of bench.watchers) onOutput();
  await bench.untilReceived("first\n".length);
  const lines = Array.from({ length: 20_000 }, (_, index) => line(`line ${index} ${"x".repeat(90)}`));
  appendFileSync(bench.log, Buffer.concat(lines.map(encodeLine)));
  const wantedBytes = outputOf(lines, "stdout").length;
  const drained = pump.drain();
  let turns = 0;
  for (; pump.deliveredBytes < wantedBytes; turns += 1) await new Promise(setImmediate);
  // 2.9 MB in 45 slices.
  assert.ok(turns >= 8, `${turns} turns`);
  await drained;
});

test("counts nothing as delivered that a reader has not taken", async () => {
  await using bench = new PumpBench();
  bench.stdout.hold();
  writeFileSync(bench.log, encodeLine(line("once")));
  await bench.startPump();
  while (bench.stdout.waiting === 0) await new Promise(setImmediate);
  await bench.endPump();
  bench.stdout.release();
  await (await bench.startPump()).drain();
  assert.equal(bench.stdout.bytes().toString(), "once\n");
});

test("ends at once when it is closed, also while a reader holds it up", async () => {
  await using bench = new PumpBench();
  bench.stdout.hold();
  writeFileSync(bench.log, encodeLine(line("text")));
  const pump = await bench.startPump();
  while (bench.stdout.waiting === 0) await new Promise(setImmediate);
  await pump.close();
  assert.equal(bench.stdout.waiting, 0);
  await assert.rejects(pump.drain(), /the log pump was closed/);
});

test("tells in the drain that a log could not be written", async () => {
  await using bench = new PumpBench();
  bench.stdout.failure = new Error("no room");
  writeFileSync(bench.log, encodeLine(line("text")));
  await assert.rejects((await bench.startPump()).drain(), /no room/);
});

test("tells at once that a log cannot be read on, with all before it delivered, and a later pump goes on there", async () => {
  await using bench = new PumpBench();
  const lines = Array.from({ length: 5000 }, (_, index) => line(`line ${index}`));
  writeFileSync(bench.log, Buffer.concat(lines.map(encodeLine)));
  bench.makeFailing = (spool) => {
    const read = spool.read.bind(spool);
    let reads = 0;
    spool.read = (buffer) =>
      (reads += 1) === 3 ? Promise.reject(Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" })) : read(buffer);
  };
  const pump = await bench.startPump();
  await assert.rejects(pump.finished, { code: "EIO" });
  const deliveredBytes = bench.stdout.bytes().length;
  assert.ok(deliveredBytes > 20_000 && deliveredBytes < 100_000, `${deliveredBytes}`);
  await bench.endPump();
  bench.makeFailing = () => undefined;
  await (await bench.startPump()).drain();
  assert.deepEqual(bench.stdout.bytes(), outputOf(lines, "stdout"));
});
