import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { until } from "@driver/testing";
import { gone, notNow, readAll, SpoolBench } from "../../test/spool-bench.ts";

test("reads on over a rotation and deletes what it has read", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 10 });
  writeFileSync(bench.log, "first file\n");
  spool.rotateWhenDue();
  assert.equal(existsSync(`${bench.log}.1`), false);
  assert.equal(await readAll(spool), "first file\n");
  spool.rotateWhenDue();
  assert.equal(existsSync(`${bench.log}.1`), true);
  appendFileSync(bench.log, "second\n");
  assert.equal(await readAll(spool), "second\n");
  assert.deepEqual(bench.names(), ["ctr.log"]);
});

test("loses nothing that conmon wrote just before it switched", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  assert.equal(await readAll(spool), "one\n");
  appendFileSync(bench.log, "two\n");
  spool.rotateWhenDue();
  appendFileSync(bench.log, "three\n");
  assert.equal(await readAll(spool), "two\nthree\n");
});

test("tells where a file begins", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  const buffer = Buffer.alloc(100);
  assert.deepEqual([(await spool.read(buffer)).isNewFile, (await spool.read(buffer)).length], [true, 0]);
  appendFileSync(bench.log, "two\n");
  assert.equal((await spool.read(buffer)).isNewFile, false);
  spool.rotateWhenDue();
  appendFileSync(bench.log, "three\n");
  assert.deepEqual(await spool.read(buffer), { length: 0, isFileEnd: true, isHole: false, isNewFile: false, inode: 0n });
  await spool.dropFinished();
  const read = await spool.read(buffer);
  assert.deepEqual([read.isNewFile, read.inode], [true, statSync(bench.log, { bigint: true }).ino]);
});

test("keeps a file that was read to its end until it is told that all of it is delivered", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  await spool.dropFinished();
  const buffer = Buffer.alloc(100);
  await spool.read(buffer);
  spool.rotateWhenDue();
  assert.equal((await spool.read(buffer)).isFileEnd, true);
  assert.deepEqual(bench.names(), ["ctr.log", "ctr.log.1"]);
  await spool.dropFinished();
  assert.deepEqual(bench.names(), ["ctr.log"]);
});

test("goes on as it is when conmon is gone", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4, backlogBytes: 5 });
  writeFileSync(bench.log, "one\n");
  assert.equal(await readAll(spool), "one\n");
  bench.answer = gone;
  spool.rotateWhenDue();
  appendFileSync(bench.log, "two and more\n");
  assert.equal(spool.isOverLimit, true);
  // Nobody writes to it any more, so that it takes no more of the disk.
  for (let beat = 0; beat < 3; beat += 1) assert.equal(await spool.enforceLimit(), 0);
  assert.equal(await readAll(spool), "two and more\n");
  assert.deepEqual([bench.names(), bench.emptied], [["ctr.log"], []]);
});

test("counts a file that conmon has begun while nobody reads", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4, backlogBytes: 20, stuckMs: 60_000 });
  writeFileSync(bench.log, "one\n");
  await spool.read(Buffer.alloc(4));
  spool.rotateWhenDue();
  appendFileSync(bench.log, "nobody takes this any more\n");
  assert.deepEqual([spool.isOverLimit, await spool.enforceLimit()], [true, 0]);
  assert.deepEqual([spool.isOverLimit, await spool.enforceLimit(), spool.isOverLimit], [true, 27, false]);
  assert.deepEqual(bench.names(), ["ctr.log"]);
});

test("keeps to the limit though conmon seems to be gone, when the file grows all the same", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ backlogBytes: 5 });
  bench.answer = gone;
  writeFileSync(bench.log, "nobody takes this\n");
  assert.equal(await spool.enforceLimit(), 0);
  appendFileSync(bench.log, "nor this\n");
  assert.equal(await spool.enforceLimit(), 27);
  assert.equal(statSync(bench.log).size, 0);
});

test("gives conmon time for a new file before the present one is emptied", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ backlogBytes: 5, stuckMs: 60_000 });
  bench.conmonIsSlow = true;
  for (let beat = 0; beat < 3; beat += 1) {
    appendFileSync(bench.log, "nobody takes this\n");
    assert.equal(await spool.enforceLimit(), 0);
  }
  bench.switchLog();
  assert.equal(await spool.enforceLimit(), 54);
});

test("tries a rotation again that could not be had", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  assert.equal(await readAll(spool), "one\n");
  for (const answer of [notNow, gone, notNow]) {
    bench.answer = answer;
    spool.rotateWhenDue();
    assert.deepEqual([bench.names(), spool.waitsForNewFile], [["ctr.log"], true]);
  }
  bench.answer = { kind: "told" };
  spool.rotateWhenDue();
  appendFileSync(bench.log, "two\n");
  assert.equal(await readAll(spool), "two\n");
  assert.deepEqual([bench.names(), spool.waitsForNewFile], [["ctr.log"], false]);
});

test("drops output over the limit at the next occasion when a rotation could not be had", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ backlogBytes: 5, stuckMs: 60_000 });
  writeFileSync(bench.log, "nobody takes this\n");
  bench.answer = notNow;
  assert.equal(await spool.enforceLimit(), 0);
  bench.answer = { kind: "told" };
  assert.equal(await spool.enforceLimit(), 18);
  appendFileSync(bench.log, "new\n");
  assert.equal(await readAll(spool), "new\n");
});

test("follows a conmon that was too slow for a rotation and switches later", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 10 });
  bench.conmonIsSlow = true;
  writeFileSync(bench.log, "first file\n");
  assert.equal(await readAll(spool), "first file\n");
  spool.rotateWhenDue();
  appendFileSync(bench.log, "its last\n");
  bench.switchLog();
  appendFileSync(bench.log, "second file\n");
  assert.equal(spool.hasMore, true);
  assert.equal(await readAll(spool), "its last\nsecond file\n");
  assert.deepEqual([spool.hasMore, bench.names()], [false, ["ctr.log"]]);
  bench.conmonIsSlow = false;
  spool.rotateWhenDue();
  appendFileSync(bench.log, "third file\n");
  assert.equal(await readAll(spool), "third file\n");
});

test("sees that conmon has begun a new file although the old one has no more", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ rotateBytes: 4 });
  writeFileSync(bench.log, "one\n");
  assert.equal(await readAll(spool), "one\n");
  assert.equal(spool.hasMore, false);
  spool.rotateWhenDue();
  assert.equal(spool.hasMore, true);
  assert.equal(await readAll(spool), "");
  assert.deepEqual([spool.hasMore, bench.names()], [false, ["ctr.log"]]);
});

test("drops the oldest output when too much waits, and says how much", async () => {
  await using bench = new SpoolBench();
  const spool = await bench.open({ backlogBytes: 20 });
  writeFileSync(bench.log, "0123456789\n");
  const buffer = Buffer.alloc(4);
  await spool.read(buffer);
  assert.deepEqual([spool.isOverLimit, await spool.enforceLimit()], [false, 0]);
  appendFileSync(bench.log, "nobody takes this any more\n");
  assert.deepEqual([spool.isOverLimit, await spool.enforceLimit(), spool.isOverLimit], [true, 34, false]);
  appendFileSync(bench.log, "new\n");
  assert.equal(await readAll(spool), "new\n");
  assert.deepEqual(bench.names(), ["ctr.log"]);
});

/** conmon's first file is for appending; those that it makes later are not (conmon: ctr_logging.c). */
for (const flags of [constants.O_APPEND, 0]) {
  const kind = flags === 0 ? "a later file" : "the first file";
  const openConmon = (bench: SpoolBench): number => openSync(bench.log, constants.O_WRONLY | flags);

  test(`keeps to the limit though conmon begins no new file: empties ${kind} that grows, says how much is lost, and reads on`, async () => {
    await using bench = new SpoolBench();
    const conmon = openConmon(bench);
    const spool = await bench.open({ backlogBytes: 20 });
    bench.conmonIsSlow = true;
    writeSync(conmon, "delivered\n");
    assert.equal(await readAll(spool), "delivered\n");
    for (let round = 0; round < 3; round += 1) {
      writeSync(conmon, "nobody takes this line\nnor this one\n");
      assert.deepEqual([await spool.enforceLimit(), statSync(bench.log).blocks, spool.isOverLimit, spool.hasMore], [36, 0, false, false]);
      assert.equal(await readAll(spool), "");
      writeSync(conmon, "read on\n");
      assert.equal(spool.hasMore, true);
      assert.equal(await readAll(spool), "read on\n");
      assert.equal(spool.hasMore, false);
    }
    assert.equal(bench.emptied.length, 3);
    bench.switchLog();
    appendFileSync(bench.log, "new file\n");
    assert.equal(await readAll(spool), "new file\n");
    assert.deepEqual(bench.names(), ["ctr.log"]);
    closeSync(conmon);
  });

  test(`gives the disk back what is delivered of ${kind} though conmon begins no new one, and loses nothing by it`, async () => {
    await using bench = new SpoolBench();
    const conmon = openConmon(bench);
    const spool = await bench.open({ rotateBytes: 10, backlogBytes: 40 });
    bench.answer = notNow;
    let text = "";
    for (let line = 0; line < 40; line += 1) {
      writeSync(conmon, `line ${line}\n`);
      text += await readAll(spool);
      spool.rotateWhenDue();
      assert.equal(spool.isOverLimit ? await spool.enforceLimit() : 0, 0);
    }
    assert.equal(text, Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join(""));
    assert.ok(
      bench.emptied.length >= 3 && bench.emptied.every((error) => error === (notNow.kind === "not-now" && notNow.error)),
      `emptied ${bench.emptied.length} times`,
    );
    closeSync(conmon);
  });

  test(`a later plugin finds the lines of ${kind} behind what was emptied`, async () => {
    await using bench = new SpoolBench();
    const conmon = openConmon(bench);
    writeSync(conmon, "x".repeat(200_000));
    const inode = statSync(bench.log, { bigint: true }).ino;
    truncateSync(bench.log, 0);
    writeSync(conmon, "line\n");
    for (const offsetBytes of [0, 100_000]) assert.equal(await readAll(await bench.open({ progress: { inode, offsetBytes } })), "line\n");
    closeSync(conmon);
  });
}

test("reads again what was read and not delivered", async () => {
  await using bench = new SpoolBench();
  writeFileSync(`${bench.log}.1`, "one\n");
  writeFileSync(bench.log, "two\nthree\n");
  const spool = await bench.open();
  assert.equal(await readAll(spool), "one\ntwo\nthree\n");
  const inode = statSync(bench.log, { bigint: true }).ino;
  await spool.goOnAt({ inode, offsetBytes: 4 });
  assert.equal((await spool.read(Buffer.alloc(3))).isNewFile, true);
  await spool.goOnAt({ inode, offsetBytes: 4 });
  assert.equal(await readAll(spool), "three\n");
  for (const progress of [undefined, { inode: 1n, offsetBytes: 2 }]) {
    await spool.goOnAt(progress);
    assert.equal(await readAll(spool), "two\nthree\n");
  }
});

test("leaves no descriptor open when one of several files cannot be opened", async () => {
  await using bench = new SpoolBench();
  for (const number of [1, 2]) writeFileSync(`${bench.log}.${number}`, "rotated\n");
  mkdirSync(`${bench.log}.3`);
  const before = readdirSync("/proc/self/fd").length;
  await assert.rejects(bench.open(), /ctr\.log\.3 .*is no regular file/);
  assert.equal(readdirSync("/proc/self/fd").length, before);
});

test("opens no more files than a log within its limit has, the newest of thousands that a user has put there", async () => {
  await using bench = new SpoolBench();
  for (let number = 1; number <= 5000; number += 1) writeFileSync(`${bench.log}.${number}`, "");
  writeFileSync(`${bench.log}.5001`, "rotated\n");
  writeFileSync(bench.log, "last\n");
  const before = readdirSync("/proc/self/fd").length;
  const spool = await bench.open();
  assert.ok(readdirSync("/proc/self/fd").length - before < 200);
  assert.equal(await readAll(spool), "rotated\nlast\n");
});

test("goes on where an earlier plugin ended, in whichever file that was", async () => {
  await using bench = new SpoolBench();
  writeFileSync(`${bench.log}.1`, "old\n");
  writeFileSync(`${bench.log}.2`, "half done\n");
  writeFileSync(`${bench.log}.10`, "next\n");
  writeFileSync(bench.log, "last\n");
  writeFileSync(`${bench.log}.tmp`, "not a log");
  const progress = { inode: statSync(`${bench.log}.2`, { bigint: true }).ino, offsetBytes: 5 };
  assert.equal(await readAll(await bench.open({ progress })), "done\nnext\nlast\n");
  assert.deepEqual(readdirSync(bench.root).toSorted(), ["ctr.log", "ctr.log.tmp"]);
});

test("begins at the oldest file when the one it knew is gone or shorter", async () => {
  for (const progress of [{ inode: 1n, offsetBytes: 3 }, undefined]) {
    await using bench = new SpoolBench();
    writeFileSync(`${bench.log}.4`, "one\n");
    writeFileSync(bench.log, "two\n");
    assert.equal(await readAll(await bench.open({ progress })), "one\ntwo\n");
  }
  await using bench = new SpoolBench();
  writeFileSync(bench.log, "short\n");
  const progress = { inode: statSync(bench.log, { bigint: true }).ino, offsetBytes: 100 };
  assert.equal(await readAll(await bench.open({ progress })), "short\n");
});

test("reads a file once that a plugin was killed in the middle of rotating, and follows conmon when it rotates after all", async () => {
  await using bench = new SpoolBench();
  writeFileSync(bench.log, "once\n");
  for (const number of [1, 2]) linkSync(bench.log, `${bench.log}.${number}`);
  bench.conmonIsSlow = true;
  const spool = await bench.open();
  assert.equal(await readAll(spool), "once\n");
  assert.deepEqual(bench.names(), ["ctr.log", "ctr.log.2"]);
  appendFileSync(bench.log, "its last\n");
  bench.switchLog();
  appendFileSync(bench.log, "new\n");
  assert.equal(await readAll(spool), "its last\nnew\n");
  assert.deepEqual(bench.names(), ["ctr.log"]);
});

test("keeps no second name of a file when conmon is gone without having rotated", async () => {
  await using bench = new SpoolBench();
  writeFileSync(bench.log, "once\n");
  linkSync(bench.log, `${bench.log}.1`);
  bench.answer = gone;
  const spool = await bench.open();
  await until(async () => {
    await spool.read(Buffer.alloc(10));
    return bench.names().length === 1;
  });
});

test("takes a new number for each rotation, also after a restart of the plugin", async () => {
  await using bench = new SpoolBench();
  writeFileSync(`${bench.log}.7`, "seven\n");
  writeFileSync(bench.log, "eight\n");
  const spool = await bench.open({ rotateBytes: 1 });
  assert.equal(await readAll(spool), "seven\neight\n");
  spool.rotateWhenDue();
  assert.deepEqual(bench.names(), ["ctr.log", "ctr.log.8"]);
});

test("a hole is passed over one slice at a time, so that whoever reads can end, and what stands behind it is read", async () => {
  await using bench = new SpoolBench();
  truncateSync(bench.log, 1000);
  appendFileSync(bench.log, "line\n");
  const spool = await bench.open();
  const slice = Buffer.alloc(300);
  for (let passedBytes = 300; passedBytes <= 900; passedBytes += 300) {
    const { length, isHole, isFileEnd } = await spool.read(slice);
    assert.deepEqual({ length, isHole, isFileEnd }, { length: 0, isHole: true, isFileEnd: false });
    assert.equal(spool.offsetBytes, passedBytes);
  }
  const { length, isHole, isNewFile } = await spool.read(slice);
  assert.deepEqual([slice.toString("latin1", 0, length), isHole, isNewFile, spool.offsetBytes], ["line\n", false, true, 1005]);
});
