import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, readlink, writeFile } from "node:fs/promises";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { DriverRig, RecordedEvents, until, type RiggedTask } from "@driver/testing";
import { inspectOf } from "./inspect-of.ts";
import { go, untilGo } from "./go-file.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("keeps stdout and stderr apart, without a prefix and without a newline of its own", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("printf 'out1\\nout2'; printf 'err1\\nerr2' >&2");
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal((await task.stdout.whole()).toString(), "out1\nout2");
  assert.equal((await task.stderr.whole()).toString(), "err1\nerr2");
});

test("carries bytes that are no text", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sh", args: ["-c", "cat /local/bytes; cat /local/bytes >&2"] } });
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
  await writeFile(join(task.config.allocDir, "task", "local", "bytes"), bytes);
  await rig.startTask(task);
  await rig.driver.waitTask(task.config.id, soon());
  for (const log of [task.stdout, task.stderr]) assertSameBytes(await log.whole(), bytes);
});

test("carries a line of a megabyte", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("head -c 1048576 /dev/zero | tr '\\0' x; echo; echo end");
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal((await task.stdout.whole()).toString(), `${"x".repeat(1_048_576)}\nend\n`);
});

test("loses nothing of a torrent", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("seq 1 400000; seq 1 1000 >&2");
  await rig.driver.waitTask(task.config.id, soon());
  const wanted = Array.from({ length: 400_000 }, (_, index) => `${index + 1}\n`).join("");
  const got = await task.stdout.whole();
  assert.equal(createHash("sha256").update(got).digest("hex"), createHash("sha256").update(wanted).digest("hex"));
  assert.equal((await task.stderr.whole()).toString().split("\n").length, 1001);
});

test("gives the disk back what it has delivered, and loses nothing by it", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`seq 1 2000000; ${untilGo}`);
  await task.stdout.until((text) => text.endsWith("\n2000000\n"), 240_000);
  const inspect = await inspectOf(task);
  const folder = dirname(inspect.host.logPath);
  const logBytes = (): number =>
    readdirSync(folder)
      .filter((name) => name.startsWith("ctr.log"))
      .reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  // Of more than 100 MB.
  await until(() => logBytes() < 40_000_000);
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  const hash = createHash("sha256");
  for (let number = 1; number <= 2_000_000; number += 1) hash.update(`${number}\n`);
  assert.equal(createHash("sha256").update(await task.stdout.whole()).digest("hex"), hash.digest("hex"));
});

test("writes the log files itself, repeats nothing after a crash, and rotates them", async () => {
  await using rig = await DriverRig.start({
    pluginConfig: { log_collection: "driver", log_files: { max_files: 3, max_file_size: "100k" } },
  });
  assert.equal((await rig.driver.capabilities(soon())).disableLogCollection, true);
  const task = await rig.runScript(
    `echo err >&2; i=0; while [ $i -lt 40 ]; do i=$((i+1)); seq $((i*100)) $((i*100+99)); sleep 0.05; done; ${untilGo}; seq 10000 60000`,
  );
  const file = (index: number): Promise<string> => readFile(join(logFolder(task), `task.stdout.${index}`), "utf8");
  await until(() => file(0).then((text) => text.includes("\n1500\n"), () => false));
  await rig.crash();
  await rig.recover(task);
  await until(async () => (await file(0)).includes("\n4099\n"));
  await rig.crash();
  assert.equal(await file(0), Array.from({ length: 4000 }, (_, index) => `${index + 100}\n`).join(""));
  await rig.recover(task);
  await go(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  const names = (await readdir(logFolder(task))).filter((name) => name.startsWith("task.stdout")).toSorted();
  assert.deepEqual(names, ["task.stdout.1", "task.stdout.2", "task.stdout.3"]);
  const all = `${await file(1)}${await file(2)}${await file(3)}`;
  assert.ok(all.endsWith("59999\n60000\n"));
  assert.equal(await readFile(join(logFolder(task), "task.stderr.0"), "utf8"), "err\n");
});

test("keeps a task out of the log files that the driver writes", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { log_collection: "driver" } });
  const task = await rig.runScript(
    "touch /alloc/logs/planted 2>/dev/null && echo planted || echo refused; touch /alloc/data/mine && echo mine",
  );
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal(await readFile(join(logFolder(task), "task.stdout.0"), "utf8"), "refused\nmine\n");
});

for (const pluginConfig of [{ log_collection: "off" }, { disable_log_collection: true }]) {
  test(`collects nothing with ${JSON.stringify(pluginConfig)}, and tells Nomad so`, async () => {
    await using rig = await DriverRig.start({ pluginConfig });
    assert.equal((await rig.driver.capabilities(soon())).disableLogCollection, true);
    const task = await rig.runScript("echo unseen");
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
    assert.equal((await task.stdout.whole()).length, 0);
    assert.deepEqual((await readdir(logFolder(task))).toSorted(), [".task.stderr.fifo", ".task.stdout.fifo"]);
  });
}

/** Starts a task whose reader takes "ready" and then pauses; `script` runs from then on. */
async function runUnread(rig: DriverRig, script: string): Promise<RiggedTask> {
  const task = await rig.runScript(`echo ready; ${untilGo}; ${script}`);
  await task.stdout.until((text) => text === "ready\n");
  task.stdout.pause();
  await go(task);
  return task;
}

test("waits for a reader that pauses, and loses nothing meanwhile", async () => {
  await using rig = await DriverRig.start();
  const task = await runUnread(rig, "seq 1 100000");
  const waiting = rig.driver.waitTask(task.config.id, soon());
  // Whoever stops or signals it knows that it has ended; its result waits for its output.
  await until(async () => (await rig.driver.inspectTask(task.config.id, soon())).state === "exited" && (await containerHasExited(task)));
  assert.equal(await Promise.race([waiting, sleep(500, "still waiting")]), "still waiting");
  task.stdout.resume();
  assert.equal((await waiting).exitCode, 0);
  assert.equal(
    (await task.stdout.whole()).toString(),
    `ready\n${Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("")}`,
  );
});

test("delivers the last lines before it reports the end, and at once when they are taken", async () => {
  await using rig = await DriverRig.start();
  await using told = new RecordedEvents(rig.driver);
  // More than a FIFO holds, so that some of it is still to come when the task has ended.
  const task = await runUnread(rig, "seq 1 100000; printf last; exit 5");
  await until(() => containerHasExited(task));
  const waiting = rig.driver.waitTask(task.config.id, soon()).then(({ exitCode }) => ({ exitCode, delivered: task.stdout.bytes().length }));
  assert.equal(await Promise.race([waiting, sleep(500, "still waiting")]), "still waiting");
  task.stdout.resume();
  const whole = `ready\n${Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("")}last`;
  const { exitCode, delivered } = await waiting;
  assert.equal(exitCode, 5);
  // What the kernel still held for the reader.
  assert.ok(whole.length - delivered <= 65_536, `${whole.length - delivered} bytes had not come`);
  assert.equal((await task.stdout.whole()).toString(), whole);
  // It is told when no more has come for ten seconds, and there is no knowing that all is there.
  assert.deepEqual(told.messages.filter((message) => message.includes("output")), []);
});

test("a stop waits for the end of its task alone, and not for a reader who has yet to take the last output", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("trap 'seq 1 100000; exit 7' TERM; echo ready; while :; do sleep 0.05; done");
  await task.stdout.until((text) => text === "ready\n");
  task.stdout.pause();
  const waiting = rig.driver.waitTask(task.config.id, soon());
  const startedMs = performance.now();
  await rig.driver.stopTask(task.config.id, { timeoutMs: 30_000, killSignal: "" }, soon());
  // For an end that nobody tells it waits seven seconds.
  assert.ok(performance.now() - startedMs < 6000, `stopped after ${performance.now() - startedMs} ms`);
  await assert.rejects(rig.driver.signalTask(task.config.id, "HUP", soon()), /has ended/);
  assert.equal(await Promise.race([waiting, sleep(500, "still waiting")]), "still waiting");
  task.stdout.resume();
  assert.equal((await waiting).exitCode, 7);
});

test("loses nothing to a reader that is slow for longer than one may take nothing", async () => {
  await using rig = await DriverRig.start();
  const task = await runUnread(rig, "seq 1 2000000");
  await until(() => containerHasExited(task), 240_000);
  for (let round = 0; round < 3; round += 1) {
    const before = task.stdout.length;
    task.stdout.resume();
    while (task.stdout.length === before) await setImmediate();
    task.stdout.pause();
    await sleep(5000);
  }
  const whole = `ready\n${Array.from({ length: 2_000_000 }, (_, index) => `${index + 1}\n`).join("")}`;
  assert.ok(task.stdout.bytes().length < whole.length, "the reader was too fast");
  task.stdout.resume();
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.ok((await task.stdout.whole()).equals(Buffer.from(whole)));
});

for (const collector of ["nomad", "driver"]) {
  test(`writes nothing for a task whose logs are disabled, with log_collection = "${collector}"`, async () => {
    await using rig = await DriverRig.start({ pluginConfig: { log_collection: collector } });
    const task = await rig.prepare({
      config: { command: "sh", args: ["-c", "echo lost"] },
      more: { stdoutPath: "/dev/null", stderrPath: "/dev/null" },
    });
    await rig.startTask(task);
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
    assert.deepEqual((await readdir(logFolder(task))).toSorted(), [".task.stderr.fifo", ".task.stdout.fifo"]);
  });
}

test("goes on in the log files when nobody reads the FIFO any more", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo first; ${untilGo}; echo second; sleep 4; echo third`);
  await task.stdout.until((text) => text === "first\n");
  await task.stdout.leave();
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal(await readFile(join(logFolder(task), "task.stdout.0"), "utf8"), "second\nthird\n");
});

test("returns to the FIFO when a reader comes back", async () => {
  await using rig = await DriverRig.start();
  const script = `echo 0; ${untilGo}; i=0; while [ ! -e /alloc/data/end ]; do i=$((i+1)); echo $i; sleep 0.5; done`;
  const task = await rig.runScript(script);
  await task.stdout.until((text) => text === "0\n");
  await task.stdout.leave();
  await go(task);
  const filed = (): Promise<string> => readFile(join(logFolder(task), "task.stdout.0"), "utf8").catch(() => "");
  await until(async () => (await filed()) !== "");
  await task.stdout.reopen();
  // A reader is looked for now and then.
  await task.stdout.until((text) => text.length > 4);
  await writeFile(join(task.config.allocDir, "alloc", "data", "end"), "");
  await rig.driver.waitTask(task.config.id, soon());
  const read = (await task.stdout.whole()).toString().slice("0\n".length);
  const all = (await filed()) + read;
  assert.equal(all, Array.from({ length: all.split("\n").length - 1 }, (_, index) => `${index + 1}\n`).join(""));
});

test("follows no link that a task puts in the place of its logs", async () => {
  await using rig = await DriverRig.start();
  const victim = join(rig.root, "victim");
  await writeFile(victim, "untouched");
  const links = [".task.stdout.fifo", "task.stdout.0"].map((name) => `ln -s ${victim} ${name}`).join("; ");
  const plant = `cd /alloc/logs; rm -f .task.stdout.fifo; ${links}; touch /alloc/planted`;
  const task = await rig.runScript(`echo first; ${untilGo}; ${plant}; sleep 1; echo second; echo err >&2`);
  await task.stdout.until((text) => text === "first\n");
  await rig.crash();
  await task.stdout.leave();
  await go(task);
  await until(() => readdir(join(task.config.allocDir, "alloc")).then((names) => names.includes("planted")));
  await rig.recover(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.equal(await readlink(join(logFolder(task), "task.stdout.0")), victim);
  assert.equal(await readFile(victim, "utf8"), "untouched");
});

test("opens nothing through a log folder that a task has replaced by a link", async () => {
  await using rig = await DriverRig.start();
  const elsewhere = join(rig.root, "elsewhere");
  await mkdir(elsewhere);
  const task = await rig.runScript(
    `echo first; ${untilGo}; mv /alloc/logs /alloc/old; ln -s ${elsewhere} /alloc/logs; touch /alloc/planted; sleep 1; echo second`,
  );
  await task.stdout.until((text) => text === "first\n");
  await rig.crash();
  await go(task);
  await until(() => readdir(join(task.config.allocDir, "alloc")).then((names) => names.includes("planted")));
  await rig.recover(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.deepEqual(await readdir(elsewhere), []);
});

/** Tells the first that differs: what `deepEqual` says of so many takes it minutes. */
function assertSameBytes(got: Buffer, wanted: Buffer): void {
  const at = wanted.findIndex((byte, index) => got[index] !== byte);
  assert.equal(at, -1, `byte ${at} is ${got[at]} in place of ${wanted[at]}`);
  assert.equal(got.length, wanted.length);
}

function logFolder(task: RiggedTask): string {
  return join(task.config.allocDir, "alloc", "logs");
}

async function containerHasExited(task: RiggedTask): Promise<boolean> {
  return (await inspectOf(task)).state.status === "exited";
}
