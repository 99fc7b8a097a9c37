import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FaultyRig, podmanError, testSetting, until, type Fault, type RiggedTask } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const onKill = { method: "POST", path: /^\/containers\/[^/]+\/kill$/ } as const;
const onRemove = { method: "DELETE", path: /^\/containers\// } as const;
const faults: readonly Fault[] = [podmanError("out of sorts"), { kind: "dropped" }, { kind: "lost-answer" }, { kind: "hang" }];
const shortCalls = { pluginConfig: { client_http_timeout: "1s" } };
const polite = "trap 'exit 51' TERM; echo ready; while :; do sleep 0.05; done";

for (const fault of faults) {
  test(`a stop whose signal fails (${fault.kind}) says so or ends the task, and the next stop ends it with its own code`, async () => {
    await using faulty = await FaultyRig.start(shortCalls);
    const { rig, proxy } = faulty;
    const task = await rig.runScript(polite);
    await task.stdout.until((text) => text === "ready\n");
    const injected = proxy.inject({ ...onKill, fault });
    const beganMs = performance.now();
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon()).catch((error: unknown) => assert.match(String(error), /send signal 15 to container [0-9a-f]+: \S+/));
    assert.ok(performance.now() - beganMs < 5000);
    injected.remove();
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 51);
  });

  test(`a task that has to go goes, though Podman passes no signal on (${fault.kind})`, async () => {
    await using faulty = await FaultyRig.start(shortCalls);
    const { rig, proxy } = faulty;
    const task = await rig.runScript("sleep 60");
    proxy.inject({ ...onKill, fault });
    const beganMs = performance.now();
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.ok(performance.now() - beganMs < 5000);
    assert.equal(await containerExists(task), false);
  });
}

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

test("a forced destroy ends within seconds though Podman says nothing at all, and the task is dead", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { client_http_timeout: "8s" } });
  const { rig, proxy } = faulty;
  const task = await rig.runScript("echo ready; sleep 60");
  await task.stdout.until((text) => text === "ready\n");
  const main = await mainProcessOf(task);
  const silence = proxy.inject({ fault: { kind: "hang" } });
  const beganMs = performance.now();
  await rig.driver.destroyTask(task.config.id, { force: true }, soon()).catch((error: unknown) => assert.match(String(error), /task .*: \S+/));
  assert.ok(performance.now() - beganMs < 30_000);
  assert.throws(() => process.kill(main, 0), { code: "ESRCH" });
  silence.remove();
  // Nomad does not ask again.
  await until(async () => !(await containerExists(task)));
  await until(() => rig.log.includes("container removed that Podman had held on to"));
});

test("a signal that Podman does not pass on is an error with Podman's words", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.runScript("sleep 60");
  faulty.proxy.inject({ ...onKill, fault: podmanError("out of sorts") });
  await assert.rejects(faulty.rig.driver.signalTask(task.config.id, "USR1", soon()), /send signal 10 .*out of sorts/);
});

async function containerExists(task: RiggedTask): Promise<boolean> {
  return (await inspect(task)) !== undefined;
}

async function mainProcessOf(task: RiggedTask): Promise<number> {
  return (await inspect(task))?.state.pid ?? 0;
}

async function inspect(task: RiggedTask): ReturnType<PodmanClient["containers"]["inspect"]> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  try {
    return await podman.containers.inspect(`task-${task.config.allocId}`, soon());
  } finally {
    podman.close();
  }
}
