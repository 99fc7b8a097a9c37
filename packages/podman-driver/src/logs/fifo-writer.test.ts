import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FifoWriter } from "./fifo-writer.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** A FIFO with a writer under test and a reader that reads when it is told to. */
class Pipe implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "fifo-"));
  readonly writer: FifoWriter;
  #reader: number | undefined;

  constructor() {
    const path = join(this.folder, "fifo");
    execFileSync("mkfifo", [path]);
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = new FifoWriter(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  }

  /** What is in the pipe now; empty when that is nothing. */
  read(): Buffer {
    const buffer = Buffer.alloc(1 << 20);
    try {
      return buffer.subarray(0, readSync(this.#reader ?? -1, buffer));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
      return Buffer.alloc(0);
    }
  }

  leave(): void {
    if (this.#reader !== undefined) closeSync(this.#reader);
    this.#reader = undefined;
  }

  [Symbol.dispose](): void {
    this.writer.close();
    this.leave();
    rmSync(this.folder, { recursive: true });
  }
}

const big = Buffer.alloc(1_000_000, "0123456789");

test("writes all chunks in order and settles when the pipe has them", async () => {
  using pipe = new Pipe();
  await pipe.writer.write([Buffer.from("one "), Buffer.from("two "), Buffer.alloc(0), Buffer.from("three")], soon());
  await pipe.writer.write([], soon());
  assert.equal(pipe.read().toString(), "one two three");
});

test("waits for a slow reader and loses nothing", async () => {
  using pipe = new Pipe();
  let isWritten = false;
  const written = pipe.writer.write([big.subarray(0, 600_000), big.subarray(600_000)], soon()).then(() => (isWritten = true));
  const pieces: Buffer[] = [];
  await new Promise(setImmediate);
  assert.equal(isWritten, false);
  for (let length = 0; length < big.length; ) {
    const piece = pipe.read();
    pieces.push(piece);
    length += piece.length;
    await new Promise(setImmediate);
  }
  await written;
  assert.deepEqual(Buffer.concat(pieces), big);
});

test("rejects with EPIPE when the reader has gone, then and ever after", async () => {
  using pipe = new Pipe();
  pipe.leave();
  await assert.rejects(pipe.writer.write([Buffer.from("lost")], soon()), { code: "EPIPE" });
  await assert.rejects(pipe.writer.write([Buffer.from("lost too")], soon()), { code: "EPIPE" });
});

test("rejects when the reader leaves in the middle of a write", async () => {
  using pipe = new Pipe();
  const written = pipe.writer.write([big, big], soon());
  await new Promise(setImmediate);
  pipe.read();
  pipe.leave();
  await assert.rejects(written, { code: "EPIPE" });
});

test("gives a write up with the caller's reason", async () => {
  using pipe = new Pipe();
  const reason = new Error("enough");
  const stop = new AbortController();
  const written = pipe.writer.write([big], stop.signal);
  stop.abort(reason);
  await assert.rejects(written, (error) => error === reason);
  await assert.rejects(pipe.writer.write([big], stop.signal), (error) => error === reason);
});

test("settles every write when it is closed", async () => {
  using pipe = new Pipe();
  const written = pipe.writer.write([big, big], soon());
  await new Promise(setImmediate);
  pipe.writer.close();
  await assert.rejects(written);
  await assert.rejects(pipe.writer.write([big], soon()));
});

test("lets go of its descriptor, so that the reader sees the end", async () => {
  const before = readdirSync("/proc/self/fd").length;
  {
    using pipe = new Pipe();
    await pipe.writer.write([Buffer.from("last")], soon());
    pipe.writer.close();
    await new Promise(setImmediate);
    assert.equal(pipe.read().toString(), "last");
    // Without a writer a read gives nothing instead of EAGAIN.
    assert.equal(pipe.read().length, 0);
  }
  await new Promise(setImmediate);
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
