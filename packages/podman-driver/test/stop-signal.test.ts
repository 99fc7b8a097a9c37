import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverRig, RecordedEvents, requestEngine, testSetting, until, type EngineRequest, type RiggedTask } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const forever = "while :; do sleep 0.05; done";

test("asks a task to end and reports its own exit code", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap 'echo bye; exit 7' TERM; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 7);
  assert.equal((await task.stdout.whole()).toString(), "ready\nbye\n");
});

test("kills a task that outlives its time-out", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap '' TERM; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  const startedMs = performance.now();
  await rig.driver.stopTask(task.config.id, { timeoutMs: 700, killSignal: "" }, soon());
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 700, `killed after ${tookMs} ms`);
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([result.exitCode, result.signal], [137, 9]);
});

for (const killSignal of ["SIGINT", "INT", "2"]) {
  test(`honours kill_signal ${killSignal}`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript(`trap 'exit 9' INT; trap '' TERM; echo ready; ${forever}`);
    await task.stdout.until((text) => text === "ready\n");
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal }, soon());
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 9);
  });
}

test("stops at once with a time-out of zero", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap 'exit 7' TERM; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 137);
});

test("stops a task that has ended, or that it does not know, without an error", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("exit 3");
  await rig.driver.waitTask(task.config.id, soon());
  await rig.driver.stopTask(task.config.id, { timeoutMs: 1000, killSignal: "" }, soon());
  await rig.driver.stopTask("no/such/task", { timeoutMs: 1000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
});

test("serves several stops of one task at once", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap 'exit 7' TERM; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await Promise.all([1, 2, 3].map(() => rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon())));
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 7);
});

test("passes signals on and goes on running", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap 'echo usr1' USR1; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  for (const name of ["USR1", "SIGUSR1", "sigusr1", "10"]) {
    const before = task.stdout.text().length;
    await rig.driver.signalTask(task.config.id, name, soon());
    await task.stdout.until((text) => text.length > before && text.endsWith("usr1\n"));
  }
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
});

test("refuses signals that do not exist, and names them", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  for (const name of ["SIGNONSENSE", "0", "65", "-9", ""]) {
    await assert.rejects(rig.driver.signalTask(task.config.id, name, soon()), { message: new RegExp(`unknown signal "${name}"`) });
  }
});

test("stops a task by SIGTERM whose kill_signal is no signal, and tells its owner", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap 'exit 8' TERM; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await using events = new RecordedEvents(rig.driver);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "SIGNONSENSE" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 8);
  await until(() =>
    events.messages.some((message) => message.includes('kill_signal "SIGNONSENSE" is no signal: the task is sent SIGTERM')),
  );
});

test("stops a task whose container somebody has paused, with its own exit code", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`trap 'exit 7' TERM; echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await askPodman(task, "POST", "/pause");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 7);
});

test("kills a task at once whose container somebody has paused", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await askPodman(task, "POST", "/pause");
  const waiting = rig.driver.waitTask(task.config.id, soon());
  await rig.driver.stopTask(task.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  assert.equal((await waiting).exitCode, 137);
});

test("stops a task whose container somebody has removed, without an error, and knows no exit code", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`echo ready; ${forever}`);
  await task.stdout.until((text) => text === "ready\n");
  await askPodman(task, "DELETE", "?force=true&timeout=0");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.notEqual(result.exitCode, 0);
});

async function askPodman(task: RiggedTask, method: EngineRequest["method"], rest: string): Promise<void> {
  const path = `/containers/${task.config.name}-${task.config.allocId}${rest}`;
  const { status, text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method, path, signal: soon() });
  assert.ok(status < 300, text);
}
