import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until, waitsAtFifo } from "@driver/testing";
import { openArchiveFile, verifyChunks } from "./archive-content.ts";

test("lets the last piece of an archive go on only when all are known to be right", async () => {
  const pieces = [Buffer.from("one"), Buffer.from("two"), Buffer.from("three")];
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* pieces;
  }
  const given: string[] = [];
  let bytes = 0;
  const wanted = `sha256:${createHash("sha256").update("onetwothree").digest("hex")}`;
  const read = async (refuses: boolean): Promise<void> => {
    const onDigest = (digest: string): void => {
      assert.equal(digest, wanted);
      if (refuses) throw new Error("wrong");
    };
    for await (const chunk of verifyChunks(chunks(), { onBytes: (more) => (bytes += more), onDigest })) given.push(String(chunk));
  };
  await assert.rejects(read(true), /wrong/);
  assert.deepEqual([given.splice(0), bytes], [["one", "two"], 11]);
  await read(false);
  assert.deepEqual(given, ["one", "two", "three"]);
});

test("opens nothing but a file: whoever waits at a FIFO for a reader goes on waiting", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "archive-content-"));
  t.after(() => rm(folder, { recursive: true }));
  const fifo = join(folder, "a.tar");
  execFileSync("mkfifo", [fifo]);
  let hasReader = false;
  const writer = spawn("sh", ["-c", ': > "$1"', "sh", fifo]).once("exit", () => (hasReader = true));
  // Where the kernel does not tell, a moment has to do.
  await Promise.race([until(() => waitsAtFifo(writer.pid)).catch(() => undefined), sleep(1000)]);
  await assert.rejects(openArchiveFile(fifo, undefined), { message: `image archive ${fifo}: is no file` });
  await sleep(300);
  assert.equal(hasReader, false);
  writer.kill("SIGKILL");
  await writeFile(join(folder, "b.tar"), "content");
  await using file = await openArchiveFile(join(folder, "b.tar"), folder);
  assert.equal(await file.readFile("utf8"), "content");
});
