import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import { connectPlugin } from "@driver/go-plugin";
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { waitAborted } from "@driver/std";
import { taskNotFound } from "../src/index.ts";
import type { PluginConfig, TaskConfig, TaskEvent, TaskStats, WaitResult } from "../src/index.ts";
import { BasePlugin } from "../src/gen/base_pb.ts";
import { Driver } from "../src/gen/driver_pb.ts";
import { TaskConfigSchema } from "../src/gen/driver_types_pb.ts";
import { exampleTask } from "./example-launch.ts";
import { scriptedDriver } from "./scripted-driver.ts";
import { serveInProcess } from "./serve-in-process.ts";

const signal = AbortSignal.timeout(60_000);
const task = (env: Readonly<Record<string, string>> = {}): TaskConfig =>
  exampleTask({ folder: tmpdir(), driverConfig: Uint8Array.of(0x80), env });

test("SetConfig comes twice bare and once with the agent's own part", async () => {
  const seen: PluginConfig[] = [];
  await using served = await serveInProcess(scriptedDriver({ setConfig: async (config) => void seen.push(config) }));
  const client = createClient(BasePlugin, served.connection.transport);
  await client.setConfig({ msgpackConfig: Uint8Array.of(0x80), pluginApiVersion: "v0.1.0" });
  await client.setConfig({ pluginApiVersion: "v0.1.0" });
  await client.setConfig({
    nomadConfig: {
      driver: { ClientMinPort: 14_000, ClientMaxPort: 14_512, Topology: { cores: [{ baseSpeed: 2_000n }, { maxSpeed: 3_000n }] } },
    },
  });
  assert.deepEqual(seen, [
    { msgpack: Uint8Array.of(0x80), apiVersion: "v0.1.0", client: undefined },
    { msgpack: new Uint8Array(), apiVersion: "v0.1.0", client: undefined },
    {
      msgpack: new Uint8Array(),
      apiVersion: "",
      client: { minPort: 14_000, maxPort: 14_512, topology: { coreCount: 2, totalComputeMhz: 5_000 } },
    },
  ]);
});

test("WaitTask always carries a result, also for success", async () => {
  const results: WaitResult[] = [
    { exitCode: 0, signal: 0, oomKilled: false },
    { exitCode: 0, signal: 9, oomKilled: true, error: "OOM" },
  ];
  await using served = await serveInProcess(scriptedDriver({ waitTask: async (taskId) => results[Number(taskId)] ?? assert.fail() }));
  const client = createClient(Driver, served.connection.transport);
  const answer = await client.waitTask({ taskId: "0" });
  assert.ok(answer.result !== undefined);
  assert.equal(answer.err, "");
  assert.deepEqual(await served.driver.waitTask("0", signal), results[0]);
  assert.deepEqual(await served.driver.waitTask("1", signal), results[1]);
});

test("many waiters get the one result, and a waiter that left disturbs nobody", async () => {
  const exit = Promise.withResolvers<WaitResult>();
  let waiting = 0;
  const enough = Promise.withResolvers<void>();
  await using served = await serveInProcess(
    scriptedDriver({
      async waitTask(_taskId, callSignal) {
        waiting += 1;
        if (waiting === 50) enough.resolve();
        const left = waitAborted(callSignal).then(() => Promise.reject(callSignal.reason));
        return Promise.race([exit.promise, left]);
      },
    }),
  );
  const leaver = new AbortController();
  const left = served.driver.waitTask("x", leaver.signal);
  const stay = Array.from({ length: 49 }, () => served.driver.waitTask("x", signal));
  await enough.promise;
  leaver.abort(new Error("went home"));
  await assert.rejects(left, { message: "went home" });
  exit.resolve({ exitCode: 3, signal: 0, oomKilled: false });
  for (const result of await Promise.all(stay)) assert.equal(result.exitCode, 3);
});

test("StartTask hands the config back untouched, with fields this version does not know", async () => {
  await using served = await serveInProcess(scriptedDriver({}));
  const client = createClient(Driver, served.connection.transport);
  // Field 200 of a later agent.
  const unknown = [{ no: 200, wireType: 2, data: Uint8Array.of(3, 1, 2, 3) }];
  const sent = create(TaskConfigSchema, { id: "x", env: { A: "b" }, resources: { allocatedResources: { networks: [{ mbits: 5 }] } } });
  sent.$unknown = unknown;
  const { handle } = await client.startTask({ task: sent });
  assert.equal(handle?.version, 1);
  assert.equal(handle.config?.id, "x");
  assert.equal(handle.config.resources?.allocatedResources?.networks[0]?.mbits, 5);
  assert.deepEqual(handle.config.$unknown, unknown);
});

test("a task with an environment of 20 MiB starts", async () => {
  await using served = await serveInProcess(scriptedDriver({}));
  const config = task({ BIG: "x".repeat(20 * 1024 * 1024) });
  assert.equal((await served.driver.startTask(config, signal)).handle.config.env["BIG"]?.length, 20 * 1024 * 1024);
});

test("a task's own network reaches the agent", async () => {
  const network = { ip: "10.88.0.2", portMap: { http: 8_080 }, autoAdvertise: true };
  await using served = await serveInProcess(
    scriptedDriver({
      startTask: async (config) => ({ network, handle: { version: 1, config, state: "running", driverState: Uint8Array.of(1) } }),
    }),
  );
  const config = task();
  assert.deepEqual(await served.driver.startTask(config, signal), {
    network,
    handle: { version: 1, config, state: "running", driverState: Uint8Array.of(1) },
  });
});

test("stop, signal, exec and destroy pass what the agent said", async () => {
  const seen: unknown[] = [];
  await using served = await serveInProcess(
    scriptedDriver({
      stopTask: async (...call) => void seen.push(call.slice(0, 2)),
      destroyTask: async (...call) => void seen.push(call.slice(0, 2)),
      signalTask: async (...call) => void seen.push(call.slice(0, 2)),
      recoverTask: async (handle) => void seen.push(handle.config.id),
      execTask: async (...call) => {
        seen.push(call.slice(0, 2));
        return { stdout: Uint8Array.of(0xff), stderr: Uint8Array.of(0xfe), result: { exitCode: 2, signal: 0, oomKilled: false } };
      },
    }),
  );
  const config = task();
  await served.driver.stopTask("x", { timeoutMs: 1_500.5, killSignal: "SIGINT" }, signal);
  await served.driver.destroyTask("x", { force: true }, signal);
  await served.driver.signalTask("x", "SIGHUP", signal);
  await served.driver.recoverTask({ version: 1, config, state: "running", driverState: new Uint8Array() }, signal);
  const output = await served.driver.execTask("x", { command: ["a", "b c"], timeoutMs: 0 }, signal);
  assert.deepEqual(output, {
    stdout: Uint8Array.of(0xff),
    stderr: Uint8Array.of(0xfe),
    result: { exitCode: 2, signal: 0, oomKilled: false },
  });
  assert.deepEqual(seen, [
    ["x", { timeoutMs: 1_500.5, killSignal: "SIGINT" }],
    ["x", { force: true }],
    ["x", "SIGHUP"],
    config.id,
    ["x", { command: ["a", "b c"], timeoutMs: 0 }],
  ]);
});

const sample: TaskStats = {
  timestampNs: 1_755_771_072_123_456_789n,
  cpu: { percent: 12.5, userPercent: 10, systemPercent: 2.5, totalTicksMhz: 300, throttledPeriods: 1, throttledTimeNs: 2 },
  memory: { rssBytes: 5 },
};

test("a stats stream passes samples, ends with the task, and ends in the driver when the agent leaves", async () => {
  const ended = Promise.withResolvers<string>();
  const intervals: number[] = [];
  await using served = await serveInProcess(
    scriptedDriver({
      async *taskStats(taskId, { intervalMs }, callSignal) {
        intervals.push(intervalMs);
        yield sample;
        if (taskId === "short") return;
        if (taskId === "unknown") throw taskNotFound(taskId);
        await waitAborted(callSignal);
        ended.resolve(taskId);
      },
    }),
  );
  assert.deepEqual(await Array.fromAsync(served.driver.taskStats("short", { intervalMs: 500 }, signal)), [sample]);
  await assert.rejects(Array.fromAsync(served.driver.taskStats("unknown", { intervalMs: 0 }, signal)), { code: "task-not-found" });
  for await (const stats of served.driver.taskStats("long", { intervalMs: 1_000 }, signal)) {
    assert.deepEqual(stats, sample);
    break;
  }
  assert.equal(await ended.promise, "long");
  // An agent that names no interval gets a sample a second, not a hot loop.
  assert.deepEqual(intervals, [500, 1_000, 1_000]);
});

test("a driver is asked for the next sample only when the reader has room", async () => {
  const count = { asked: 0 };
  const message = "x".repeat(64 * 1024);
  const stalled = Promise.withResolvers<void>();
  await using served = await serveInProcess(
    scriptedDriver({
      async *taskEvents(callSignal) {
        while (!callSignal.aborted) {
          count.asked += 1;
          yield { taskId: "t", taskName: "n", allocId: "a", timestamp: new Date(0), message, annotations: {} };
          // A turn of the event loop lets the socket take what it can.
          await new Promise((resolve) => setImmediate(resolve));
          if (count.asked === 1_000) stalled.resolve();
        }
      },
    }),
  );
  const events = served.driver.taskEvents(signal)[Symbol.asyncIterator]();
  await events.next();
  const filled = await Promise.race([stalled.promise.then(() => "unbounded"), idle(() => count.asked)]);
  assert.equal(filled, "idle");
  assert.ok(count.asked < 200, `${count.asked} events of 64 KiB for a reader who took one`);
  await events.return?.(undefined);
});

/** Settles when the number has not changed during a while. */
async function idle(read: () => number): Promise<string> {
  for (let before = -1; before !== read();) {
    before = read();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return "idle";
}

test("a stream of events is open before there are any, and two hosts get their own", async () => {
  const opened: AbortSignal[] = [];
  const push: ((event: TaskEvent) => void)[] = [];
  const event = { taskId: "t", taskName: "n", allocId: "a", timestamp: new Date(5), message: "m", annotations: { k: "v" } };
  const both = Promise.withResolvers<void>();
  await using served = await serveInProcess(
    scriptedDriver({
      async *taskEvents(callSignal) {
        opened.push(callSignal);
        const next = new Promise<TaskEvent>((resolve) => push.push(resolve));
        if (push.length === 2) both.resolve();
        yield await next;
        await waitAborted(callSignal);
      },
    }),
  );
  const readers = [0, 1].map(() => served.driver.taskEvents(signal)[Symbol.asyncIterator]());
  const firsts = readers.map((reader) => reader.next());
  await both.promise;
  push.forEach((send) => send(event));
  for (const first of firsts) assert.deepEqual((await first).value, event);
  await readers[0]?.return?.(undefined);
  const [one, other] = opened;
  await Promise.race([one, other].map((each) => each && waitAborted(each)));
  assert.equal([one, other].filter((each) => each?.aborted).length, 1);
  await readers[1]?.return?.(undefined);
});

test("a host that vanished is followed by one that finds config and tasks as they were", async () => {
  const configs: PluginConfig[] = [];
  const entered = Promise.withResolvers<AbortSignal>();
  await using served = await serveInProcess(
    scriptedDriver({
      setConfig: async (config) => void configs.push(config),
      async waitTask(taskId, callSignal) {
        entered.resolve(callSignal);
        if (taskId === "running") await waitAborted(callSignal);
        return { exitCode: configs.length, signal: 0, oomKilled: false };
      },
    }),
  );
  await served.driver.setConfig({ msgpack: new Uint8Array(), apiVersion: "v0.1.0", client: undefined }, signal);
  const pending = served.driver.waitTask("running", signal);
  const callSignal = await entered.promise;
  served.connection.close();
  await assert.rejects(pending);
  await waitAborted(callSignal);

  const successor = connectPlugin({ network: "unix", path: served.socketPath });
  const client = createClient(Driver, successor.transport);
  assert.equal((await createClient(BasePlugin, successor.transport).pluginInfo({})).name, "scripted");
  assert.equal((await client.waitTask({ taskId: "ended" })).result?.exitCode, 1);
  for await (const print of client.fingerprint({})) {
    assert.equal(print.health, 2);
    break;
  }
  successor.close();
});

test("calls that older agents and plugins do not have are tolerated", async () => {
  await using served = await serveInProcess(
    scriptedDriver({
      init: async () => Promise.reject(new ConnectError("unknown method", Code.Unimplemented)),
      shutdown: async () => Promise.reject(new Error("engine gone")),
    }),
  );
  await served.driver.init(signal);
  await assert.rejects(served.driver.shutdown(signal), { message: "engine gone" });
});

test("a call that was aborted before it began does not reach the driver", async () => {
  let called = false;
  await using served = await serveInProcess(scriptedDriver({ stopTask: async () => void (called = true) }));
  await assert.rejects(served.driver.stopTask("x", { timeoutMs: 0, killSignal: "" }, AbortSignal.abort(new Error("too late"))), {
    message: "too late",
  });
  await served.driver.pluginInfo(signal);
  assert.equal(called, false);
});

test("a driver that is made late is made for nobody who only asks who it is, and once", async () => {
  const driver = scriptedDriver({ configSchema: async () => ({ kind: "object", attributes: {} }) });
  let made = 0;
  await using served = await serveInProcess({
    pluginInfo: (callSignal) => driver.pluginInfo(callSignal),
    async load() {
      made += 1;
      return driver;
    },
  });
  assert.equal((await served.driver.pluginInfo(signal)).name, "scripted");
  assert.equal(made, 0);
  const [schema, capabilities] = await Promise.all([served.driver.configSchema(signal), served.driver.capabilities(signal)]);
  assert.deepEqual([schema?.kind, capabilities.fsIsolation, made], ["object", "none", 1]);
});

test("a driver that does not notice an abort holds no call", async () => {
  const deaf = new Promise<never>(() => {});
  const signals: AbortSignal[] = [];
  const both = Promise.withResolvers<void>();
  const enter = (callSignal: AbortSignal) => {
    signals.push(callSignal);
    if (signals.length === 2) both.resolve();
    return deaf;
  };
  await using served = await serveInProcess(
    scriptedDriver({
      waitTask: (_taskId, callSignal) => enter(callSignal),
      async *fingerprint(callSignal) {
        await enter(callSignal);
      },
    }),
  );
  const leave = new AbortController();
  const calls = [served.driver.waitTask("x", leave.signal), Array.fromAsync(served.driver.fingerprint(leave.signal))];
  await both.promise;
  leave.abort(new Error("left"));
  for (const call of calls) await assert.rejects(call, { message: "left" });
  await Promise.all(signals.map(waitAborted));
});
