import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultyRig, podmanError, requestEngine, testSetting, until, type Fault, type FaultProxy, type RiggedTask } from "@driver/testing";
import { findContainerOf } from "./inspect-of.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const onKill = { method: "POST", path: /^\/containers\/[^/]+\/kill$/ } as const;
const onRemove = { method: "DELETE", path: /^\/containers\// } as const;
const faults: readonly Fault[] = [podmanError("out of sorts"), { kind: "dropped" }, { kind: "lost-answer" }, { kind: "hang" }];
const polite = "trap 'exit 51' TERM; echo ready; while :; do sleep 0.05; done";

for (const fault of faults) {
  test(`a task ends by its kill signal, with its own code, though Podman does not pass it on (${fault.kind})`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.runScript(polite);
    await task.stdout.until((text) => text === "ready\n");
    proxy.inject({ ...onKill, fault });
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    // After its time-out it would have been killed.
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 51);
  });

  test(`a task that has to go goes, though Podman passes no signal on (${fault.kind})`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.runScript("sleep 600");
    proxy.inject({ ...onKill, fault });
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.equal(await containerExists(task), false);
  });
}

/** Podman gone in three ways, under which no call succeeds until it comes back: what ends before that has not waited for it. */
const absences: readonly {
  readonly what: string;
  readonly pluginConfig: Readonly<Record<string, string>>;
  begin(proxy: FaultProxy): Promise<() => Promise<void>>;
}[] = [
  { what: "frozen", pluginConfig: {}, begin: async (proxy) => endOf(proxy.inject({ fault: { kind: "hang" } })) },
  {
    what: "frozen, with no limit of its calls",
    pluginConfig: { client_http_timeout: "0" },
    begin: async (proxy) => endOf(proxy.inject({ fault: { kind: "hang" } })),
  },
  { what: "stopped", pluginConfig: {}, begin: (proxy) => proxy.refuse().then(() => () => proxy.accept()) },
];
const endOf = (active: { remove(): void }) => async (): Promise<void> => active.remove();
const stubborn = "trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done";

for (const { what, pluginConfig, begin } of absences) {
  for (const [script, timeoutMs, wanted] of [
    [polite, 20_000, { exitCode: 51, signal: 0 }],
    [stubborn, 2000, { exitCode: 137, signal: 9 }],
  ] as const) {
    test(`a stop needs no Podman (${what}; the task ends with ${wanted.exitCode}), and nor does the report of the end`, async () => {
      await using faulty = await FaultyRig.start({ pluginConfig });
      const { rig, proxy } = faulty;
      const task = await rig.runScript(script);
      await task.stdout.until((text) => text === "ready\n");
      const main = await mainProcessOf(task);
      const comeBack = await begin(proxy);
      await rig.driver.stopTask(task.config.id, { timeoutMs, killSignal: "" }, soon());
      assert.throws(() => process.kill(main, 0), { code: "ESRCH" });
      const { exitCode, signal } = await rig.driver.waitTask(task.config.id, soon());
      assert.deepEqual({ exitCode, signal }, wanted);
      await comeBack();
    });
  }

  test(`a forced destroy needs no Podman (${what}): the task is dead within seconds, and its container goes later`, async () => {
    await using faulty = await FaultyRig.start({ pluginConfig });
    const { rig, proxy } = faulty;
    const task = await rig.runScript(stubborn);
    await task.stdout.until((text) => text === "ready\n");
    const main = await mainProcessOf(task);
    const comeBack = await begin(proxy);
    const waiting = rig.driver.waitTask(task.config.id, soon());
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.throws(() => process.kill(main, 0), { code: "ESRCH" });
    assert.equal((await waiting).exitCode, 137);
    await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
    await comeBack();
    // Nomad does not ask again.
    await until(async () => !(await containerExists(task)));
    await until(() => rig.log.includes("container removed that Podman had held on to"));
  });

  test(`a paused container is stopped without Podman (${what})`, async () => {
    await using faulty = await FaultyRig.start({ pluginConfig });
    const { rig, proxy } = faulty;
    const task = await rig.runScript(polite);
    await task.stdout.until((text) => text === "ready\n");
    await pause(task);
    const comeBack = await begin(proxy);
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 51);
    await comeBack();
  });
}

test("a task is stopped that was taken over while Podman did not answer, and its end is reported", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.runScript(polite);
  await task.stdout.until((text) => text === "ready\n");
  await rig.crash();
  await proxy.refuse();
  await rig.recover(task);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  const { state, result } = await rig.driver.inspectTask(task.config.id, soon());
  assert.deepEqual([state, result?.exitCode], ["exited", 51]);
  await proxy.accept();
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 51);
});

for (const fault of [...faults.slice(0, 3), { kind: "empty-body" }, { kind: "half-body" }, { kind: "cut-body" }] as const) {
  test(`a container is removed although Podman fails twice at it (${fault.kind})`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.runScript("exit 0");
    await rig.driver.waitTask(task.config.id, soon());
    const injected = proxy.inject({ ...onRemove, fault, times: 2 });
    await rig.driver.destroyTask(task.config.id, { force: false }, soon());
    assert.ok(injected.hits > 0);
    assert.equal(await containerExists(task), false);
  });
}

test("a container is removed although Podman is away when its task is destroyed", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.runScript("exit 0");
  await rig.driver.waitTask(task.config.id, soon());
  await proxy.refuse();
  const destroying = rig.driver.destroyTask(task.config.id, { force: true }, soon());
  await until(() => /remove container/.test(rig.log), 500).catch(() => undefined);
  await proxy.accept();
  await destroying;
  assert.equal(await containerExists(task), false);
});

test("a signal that Podman does not pass on is an error with Podman's words", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.runScript("sleep 60");
  faulty.proxy.inject({ ...onKill, fault: podmanError("out of sorts") });
  await assert.rejects(faulty.rig.driver.signalTask(task.config.id, "USR1", soon()), /send signal 10 .*out of sorts/);
});

test("a signal reaches its task while Podman does not answer", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { client_http_timeout: "0" } });
  const { rig, proxy } = faulty;
  const task = await rig.runScript("trap 'echo usr1' USR1; echo ready; while :; do sleep 0.05; done");
  await task.stdout.until((text) => text === "ready\n");
  proxy.inject({ ...onKill, fault: { kind: "hang" } });
  await rig.driver.signalTask(task.config.id, "USR1", soon());
  await task.stdout.until((text) => text === "ready\nusr1\n");
});

async function pause(task: RiggedTask): Promise<void> {
  const answer = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), {
    method: "POST",
    path: `/containers/task-${task.config.allocId}/pause`,
    signal: soon(),
  });
  assert.equal(answer.status, 204);
}

async function containerExists(task: RiggedTask): Promise<boolean> {
  return (await findContainerOf(task)) !== undefined;
}

async function mainProcessOf(task: RiggedTask): Promise<number> {
  return (await findContainerOf(task))?.state.pid ?? 0;
}
