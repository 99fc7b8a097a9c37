import assert from "node:assert/strict";
import { appendFileSync, linkSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { GuardedDirectory, RotatedLog } from "@driver/nomad-plugin";

import { createFifos } from "../fifo/task-fifo.ts";
import { LogFileReader } from "./log-file-reader.ts";
import type { LogFilePosition } from "./log-file-reader.ts";

/** A log folder, and a reader of `web.stdout.N` in it. */
class Place implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "log-files-"));
  readonly gaps: number[] = [];

  reader(from: LogFilePosition = { index: 0, offset: 0 }): LogFileReader {
    const onGap = async (fileCount: number): Promise<void> => void this.gaps.push(fileCount);
    return new LogFileReader({ folderPath: this.path, prefix: "web.stdout.", from, onGap });
  }

  file(index: number | string): string {
    return join(this.path, `web.stdout.${index}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

async function readAll(reader: LogFileReader): Promise<string> {
  await reader.drain();
  return Buffer.concat(await Array.fromAsync(reader.follow())).toString();
}

test("reads file after file, and nothing of other tasks, streams or names", async () => {
  using place = new Place();
  for (const [index, text] of ["one", "two", "", "four"].entries()) writeFileSync(place.file(index), text);
  for (const name of ["web.stderr.0", "web2.stdout.0", "web.stdout.x", "web.stdout.-1"]) writeFileSync(join(place.path, name), "no");
  assert.equal(await readAll(place.reader()), "onetwofour");
});

test("tells what is written while it reads, and ends with the last byte after the drain", async () => {
  using place = new Place();
  const reader = place.reader();
  const chunks = reader.follow();
  const first = chunks.next();
  writeFileSync(place.file(0), "a");
  assert.equal(Buffer.from((await first).value ?? []).toString(), "a");
  const second = chunks.next();
  appendFileSync(place.file(0), "b");
  assert.equal(Buffer.from((await second).value ?? []).toString(), "b");
  writeFileSync(place.file(1), "c");
  await reader.drain();
  assert.equal(Buffer.concat(await Array.fromAsync(chunks)).toString(), "c");
});

test("a reader for the next life goes on where the last one ended", async () => {
  using place = new Place();
  writeFileSync(place.file(0), "first ");
  const reader = place.reader();
  assert.equal(await readAll(reader), "first ");
  appendFileSync(place.file(0), "second ");
  writeFileSync(place.file(1), "third");
  assert.equal(await readAll(place.reader(reader.position)), "second third");
});

test("follows a log that is rotated under it, byte for byte", async () => {
  using place = new Place();
  const directory = GuardedDirectory.open(place.path);
  const log = new RotatedLog({ directory, baseName: "web.stdout", maxFiles: 1_000, maxFileBytes: 1_000 });
  const reader = place.reader();
  const read = Array.fromAsync(reader.follow());
  const lines = Array.from({ length: 2_000 }, (_, number) => `line ${number}\n`);
  for (const line of lines) await log.write(Buffer.from(line));
  await log.close();
  directory.close();
  await reader.drain();
  assert.equal(Buffer.concat(await read).toString(), lines.join(""));
  assert.deepEqual(place.gaps, []);
});

test("says how many files were rotated away unread", async () => {
  using place = new Place();
  writeFileSync(place.file(3), "late");
  assert.equal(await readAll(place.reader()), "late");
  assert.deepEqual(place.gaps, [3]);
});

test("a file that is removed while it is open is read to its end", async () => {
  using place = new Place();
  writeFileSync(place.file(0), "x".repeat(200_000));
  const reader = place.reader();
  const chunks = reader.follow();
  const first = await chunks.next();
  unlinkSync(place.file(0));
  await reader.drain();
  const rest = Buffer.concat(await Array.fromAsync(chunks));
  assert.equal((first.value?.length ?? 0) + rest.length, 200_000);
});

test("links, FIFOs and files with a second name are left out", async () => {
  using place = new Place();
  const secret = join(place.path, "secret");
  writeFileSync(secret, "secret");
  symlinkSync(secret, place.file(0));
  linkSync(secret, place.file(1));
  await createFifos([place.file(2)]);
  writeFileSync(place.file(3), "log");
  assert.equal(await readAll(place.reader()), "log");
});
