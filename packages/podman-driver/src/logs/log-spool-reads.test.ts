import assert from "node:assert/strict";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readAll, SpoolBench } from "../../test/spool-bench.ts";
import type { LogSpool } from "./log-spool.ts";

/** How the next read is made, and what it gives. */
async function readOnce(spool: LogSpool): Promise<{ readonly waits: boolean; readonly text: string }> {
  const buffer = Buffer.alloc(100);
  const answer = spool.read(buffer);
  const { length } = await answer;
  return { waits: answer instanceof Promise, text: buffer.toString("utf8", 0, length) };
}

test("waits for the disk where output may be old, and reads at once what is written after its end was met", async () => {
  await using bench = new SpoolBench();
  writeFileSync(bench.log, "old\n");
  const spool = await bench.open({ rotateBytes: 8 });
  assert.deepEqual(await readOnce(spool), { waits: true, text: "old\n" });
  appendFileSync(bench.log, "new\n");
  assert.deepEqual(await readOnce(spool), { waits: false, text: "new\n" });
  spool.rotateWhenDue();
  appendFileSync(bench.log, "of another file\n");
  assert.deepEqual(await readOnce(spool), { waits: false, text: "" });
  await spool.dropFinished();
  assert.deepEqual(await readOnce(spool), { waits: false, text: "of another file\n" });
  assert.deepEqual(bench.names(), ["ctr.log"]);
});

test("waits again when it has not met the end for long, and when much is left", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ recentMs: 20 });
  await readAll(spool);
  appendFileSync(bench.log, "one\n");
  await sleep(30);
  assert.deepEqual(await readOnce(spool), { waits: true, text: "one\n" });
  appendFileSync(bench.log, "two\n");
  truncateSync(bench.log, 65 * 1_048_576);
  assert.equal(spool.hasMore, true);
  assert.equal((await readOnce(spool)).waits, true);
});

test("reads after a read that is under way, whatever that one waits for", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open();
  await readAll(spool);
  appendFileSync(bench.log, "one\n");
  const limit = spool.enforceLimit();
  const answer = spool.read(Buffer.alloc(100));
  assert.ok(answer instanceof Promise);
  await limit;
  assert.equal((await answer).length, 4);
});

test("asks once how much there is, and sees that a file has become shorter since", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open();
  appendFileSync(bench.log, "0123456789");
  assert.equal(spool.hasMore, true);
  truncateSync(bench.log, 0);
  assert.equal((await spool.read(Buffer.alloc(4))).length, 0);
  assert.equal(spool.hasMore, false);
});
