import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeGoMsgpack, encodeGoTime, type HclValue } from "@driver/nomad-plugin";
import {
  DriverRig,
  FaultProxy,
  startEngine,
  startJournal,
  testSetting,
  until,
  whyNoJournal,
  type Engine,
  type Journal,
  type RiggedTask,
} from "@driver/testing";
import { decodeTaskState } from "../src/task/task-state.ts";
import { go, untilGo } from "./go-file.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const missing = whyNoJournal();
const when = { skip: missing === undefined ? false : `needs a journal: ${missing}` };
const journald = { logging: { driver: "journald" } };
/** Shell: numbered lines, one every 10 ms. */
const count = (last: number): string => `i=1; while [ $i -le ${last} ]; do echo $i; i=$((i+1)); sleep 0.01; done`;
const numbers = (last: number): string => Array.from({ length: last }, (_, index) => `${index + 1}\n`).join("");

let journal: Journal;
let engine: Engine;

before(async () => {
  if (missing !== undefined) return;
  journal = await startJournal(soon());
  engine = await startEngine({ folder: "/run/journal-engine", eventsLogger: "journald" }, soon());
  await engine.importBusybox(testSetting("TEST_IMAGE"));
});

after(async () => {
  if (missing !== undefined) return;
  await engine.close();
  await journal[Symbol.asyncDispose]();
});

function startRig(pluginConfig: Readonly<Record<string, HclValue>> = {}): Promise<DriverRig> {
  return DriverRig.start({ pluginConfig: { socket_path: engine.socketPath, ...pluginConfig } });
}

test("a journald task keeps the streams apart and the lines in order, and has delivered all when its end is told", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(
    "echo out1; echo err1 >&2; echo; printf '\\377\\376 part'; sleep 0.2; echo ' end'; echo err2 >&2; printf last",
    { config: journald },
  );
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.equal((await task.stdout.whole()).toString("latin1"), "out1\n\n\xff\xfe part end\nlast");
  assert.equal((await task.stderr.whole()).toString(), "err1\nerr2\n");
});

test("a journald task loses nothing though it ends at once, time and again", when, async () => {
  await using rig = await startRig();
  for (let life = 0; life < 10; life += 1) {
    const task = await rig.runScript("seq 1 500", { config: journald });
    await rig.driver.waitTask(task.config.id, soon());
    assert.equal((await task.stdout.whole()).toString(), numbers(500));
  }
});

test("a journald task loses and repeats nothing when its stream breaks off, and when Podman is away for a while", when, async () => {
  const proxy = await FaultProxy.start({ socketPath: `${engine.socketPath}.proxy`, upstreamPath: engine.socketPath });
  await using _proxy = proxy;
  await using rig = await startRig({ socket_path: proxy.socketPath });
  const cut = proxy.inject({ method: "GET", path: /\/logs$/, fault: { kind: "cut-body" }, times: 2 });
  const task = await rig.runScript(`${count(200)}; ${untilGo}; echo end`, { config: journald });
  await task.stdout.until((text) => text.includes("\n50\n"));
  assert.equal(cut.hits, 2);
  await proxy.refuse();
  await proxy.accept();
  await task.stdout.until((text) => text.includes("\n150\n"));
  await proxy.refuse();
  await go(task);
  await proxy.accept();
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  assert.equal((await task.stdout.whole()).toString(), `${numbers(200)}end\n`);
});

test("a journald task that ends while Podman is away for seconds loses nothing", when, async () => {
  const proxy = await FaultProxy.start({ socketPath: `${engine.socketPath}.away`, upstreamPath: engine.socketPath });
  await using _proxy = proxy;
  await using rig = await startRig({ socket_path: proxy.socketPath });
  const task = await rig.runScript(`echo begun; ${untilGo}; ${count(50)}; exit 7`, { config: journald });
  await task.stdout.until((text) => text === "begun\n");
  await proxy.refuse();
  const waiting = rig.driver.waitTask(task.config.id, soon());
  await go(task);
  // Longer than a log may take to come on.
  await sleep(15_000);
  await proxy.accept();
  assert.equal((await waiting).exitCode, 7);
  assert.equal((await task.stdout.whole()).toString(), `begun\n${numbers(50)}`);
});

test("a journald task loses nothing and repeats one delivery at most when the plugin is killed", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(`${count(400)}; ${untilGo}`, { config: journald });
  await task.stdout.until((text) => text.includes("\n100\n"));
  await rig.crash();
  await rig.recover(task);
  await task.stdout.until((text) => text.endsWith("\n400\n"));
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  const got = (await task.stdout.whole()).toString().trim().split("\n").map(Number);
  assert.deepEqual([...new Set(got)], Array.from({ length: 400 }, (_, index) => index + 1));
  assert.ok(got.length < 500, `${got.length - 400} lines came twice`);
});

test("a journald task is stopped, and known to have ended, while Podman is away; its result waits for its last lines", when, async () => {
  const proxy = await FaultProxy.start({ socketPath: `${engine.socketPath}.stop`, upstreamPath: engine.socketPath });
  await using _proxy = proxy;
  await using rig = await startRig({ socket_path: proxy.socketPath });
  const task = await rig.runScript("trap 'echo last; exit 61' TERM; echo ready; while :; do sleep 0.05; done", { config: journald });
  await task.stdout.until((text) => text === "ready\n");
  await proxy.refuse();
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  const waiting = rig.driver.waitTask(task.config.id, soon());
  const { state, result } = await rig.driver.inspectTask(task.config.id, soon());
  assert.deepEqual([state, result?.exitCode], ["exited", 61]);
  await proxy.accept();
  assert.equal((await waiting).exitCode, 61);
  assert.equal((await task.stdout.whole()).toString(), "ready\nlast\n");
});

test("a journald task is written to the plugin's own log files without a repetition, also when the plugin is killed", when, async () => {
  await using rig = await startRig({ log_collection: "driver", ...journald });
  const task = await rig.runScript(`${count(200)}; ${untilGo}`);
  await until(() => readFile(logFile(task), "utf8").then((text) => text.includes("\n50\n"), () => false));
  await rig.crash();
  await rig.recover(task);
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal(await readFile(logFile(task), "utf8"), numbers(200));
});

test("a journald task is written to the log files when nobody reads the FIFO any more", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(`echo first; ${untilGo}; echo second`, { config: journald });
  await task.stdout.until((text) => text === "first\n");
  await task.stdout.leave();
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal(await readFile(logFile(task), "utf8"), "second\n");
});

test("a journald task is the plugin's wish unless the task has its own, and carries the options", when, async () => {
  await using rig = await startRig({ logging: { driver: "journald", options: { tag: "all" } } });
  const kindOf = async (config: Readonly<Record<string, HclValue>>): Promise<unknown> => {
    const task = await rig.runScript("echo x", { config });
    await rig.driver.waitTask(task.config.id, soon());
    const collected = (await task.stdout.whole()).toString();
    const { HostConfig } = JSON.parse((await engine.run(["inspect", `task-${task.config.allocId}`])).stdout)[0];
    return [HostConfig.LogConfig.Type, HostConfig.LogConfig.Tag, collected];
  };
  assert.deepEqual(await kindOf({}), ["journald", "all", "x\n"]);
  assert.deepEqual(await kindOf({ logging: { driver: "journald", options: [{ tag: "web" }] } }), ["journald", "web", "x\n"]);
  assert.deepEqual(await kindOf({ logging: { driver: "nomad" } }), ["k8s-file", "", "x\n"]);
});

test("a journald task has no stream open where nothing is collected", when, async () => {
  const proxy = await FaultProxy.start({ socketPath: `${engine.socketPath}.proxy`, upstreamPath: engine.socketPath });
  await using _proxy = proxy;
  const streams = proxy.inject({ path: /\/logs$/, fault: { kind: "delay", delayMs: 0 } });
  for (const [collection, isOpen] of [[{ log_collection: "off" }, false], [{ disable_log_collection: true }, false], [{}, true]] as const) {
    await using rig = await startRig({ socket_path: proxy.socketPath, ...collection });
    const task = await rig.runScript("echo x", { config: journald });
    await rig.driver.waitTask(task.config.id, soon());
    assert.equal(streams.hits > 0, isOpen);
  }
});

test("a journald task is taken over from the Go driver where its log files end", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(`echo before; ${untilGo}; echo after`, { config: journald });
  await task.stdout.until((text) => text === "before\n");
  await rig.crash();
  const handle = rig.handleOf(task);
  const { containerId, startedAt, logStreamer } = decodeTaskState(handle.driverState);
  assert.equal(logStreamer, true);
  // Whoever collected it until now kept no position, and wrote to this file last.
  await writeFile(join(task.config.allocDir, "task", ".podman-log-position"), "");
  await writeFile(logFile(task), "before\n");
  const driverState = encodeGoMsgpack({
    ContainerID: containerId,
    LogStreamer: true,
    Net: null,
    StartedAt: encodeGoTime(startedAt),
    TaskConfig: { socket: "default" },
  });
  await rig.driver.recoverTask({ ...handle, driverState }, soon());
  await go(task);
  await rig.driver.waitTask(task.config.id, soon());
  assert.match((await task.stdout.whole()).toString(), /^before\n(before\n)?after\n$/);
});

test("a journald task ends, and its owner is told, though the journal does not deliver its end", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(`echo before; ${untilGo}; echo lost`, { config: journald });
  await task.stdout.until((text) => text === "before\n");
  await journal.kill();
  try {
    await go(task);
    // The journal is dead until the end of this: whoever waited for it would wait for ever.
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
    assert.match(rig.log, /The journal does not say that the container has ended/);
    assert.equal((await task.stdout.whole()).toString(), "before\n");
  } finally {
    await journal.revive();
  }
});

test("a journald task comes with a delay, and its owner is told why, where Podman keeps its events elsewhere", when, async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo first; ${untilGo}; echo second; exit 3`, { config: journald });
  await task.stdout.until((text) => text === "first\n");
  await go(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
  assert.equal((await task.stdout.whole()).toString(), "first\nsecond\n");
  assert.match(rig.log, /Set events_logger = \\?"journald\\?" in containers\.conf/);
});

function logFile(task: RiggedTask): string {
  return join(task.config.allocDir, "alloc", "logs", "task.stdout.0");
}
