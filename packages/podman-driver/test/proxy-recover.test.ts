import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FaultyRig, podmanError, requestEngine, testSetting, until, type Fault, type RiggedTask } from "@driver/testing";
import { hostRoots, identifyProcess } from "../src/host/proc-files.ts";
import { go, untilGo } from "./go-file.ts";
import { untilNoted } from "./noted-output.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const onInspect = { method: "GET", path: /^\/containers\/[^/]+\/json$/ } as const;
const faults: readonly Fault[] = [
  podmanError("out of sorts"),
  { kind: "made-up", status: 404, body: "Not Found" },
  { kind: "dropped" },
  { kind: "lost-answer" },
  { kind: "empty-body" },
  { kind: "half-body" },
  { kind: "cut-body" },
];

for (const fault of faults) {
  const what = fault.kind === "made-up" ? `${fault.kind} ${fault.status}` : fault.kind;
  test(`a task is taken over though Podman cannot tell of it yet (${what}), with its code and its output`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.runScript(`echo before; ${untilGo}; echo after; exit 71`);
    await task.stdout.until((text) => text === "before\n");
    await untilNoted(task);
    await rig.crash();
    const injected = proxy.inject({ ...onInspect, fault });
    await rig.recover(task);
    const waiting = rig.driver.waitTask(task.config.id, soon());
    await go(task);
    await until(() => injected.hits > 1);
    injected.remove();
    assert.equal((await waiting).exitCode, 71);
    assert.equal((await task.stdout.whole()).toString(), "before\nafter\n");
  });
}

test("a task is taken over soon while Podman refuses connections, ends, and all its output comes when Podman is back", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.runScript(`echo ready; ${untilGo}; echo out; exit 72`);
  await task.stdout.until((text) => text === "ready\n");
  await untilNoted(task);
  await rig.crash();
  await proxy.refuse();
  await rig.driver.recoverTask(rig.handleOf(task), soon());
  const waiting = rig.driver.waitTask(task.config.id, soon());
  await go(task);
  await until(async () => (await rig.driver.inspectTask(task.config.id, soon())).state === "exited");
  await proxy.accept();
  assert.equal((await waiting).exitCode, 72);
  assert.equal((await task.stdout.whole()).toString(), "ready\nout\n");
});

test("a task that is taken over while Podman is away, and killed for memory, is told the limit that it has by its config", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const limits = { config: { memory_hard_limit: 32, memory_swap: "32m" }, resources: { memoryMb: 16 } };
  const task = await rig.runScript(`${untilGo}; tail /dev/zero`, limits);
  await rig.crash();
  await proxy.refuse();
  await rig.recover(task);
  const waiting = rig.driver.waitTask(task.config.id, soon());
  await go(task);
  await until(async () => (await rig.driver.inspectTask(task.config.id, soon())).state === "exited");
  await proxy.accept();
  const { oomKilled, error } = await waiting;
  assert.equal(oomKilled, true);
  assert.match(error ?? "", /OOM killed.*memory limit of 32 MiB/);
});

test("a recovery ends within its own deadline though Podman says nothing", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.runScript(`${untilGo}; exit 73`);
  await rig.crash();
  const silence = proxy.inject({ fault: { kind: "hang" } });
  // Longer than its deadline, and shorter than any call to Podman may take.
  await rig.driver.recoverTask(rig.handleOf(task), AbortSignal.timeout(40_000));
  silence.remove();
  await go(task);
  await rig.crash();
  await rig.recover(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 73);
});

for (const answersInTime of [true, false]) {
  const outcome = answersInTime
    ? "has its code from a Podman that answers late"
    : "is stopped, and its end reported, though Podman does not answer";
  test(`a task that ended while no plugin ran ${outcome}`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.runScript(`${untilGo}; exit 76`);
    const { pid, conmonPid } = await inspectState(task);
    await rig.crash();
    await go(task);
    await until(() => [pid, conmonPid].every((process) => identifyProcess(hostRoots, process) === undefined));
    const silence = proxy.inject({ fault: { kind: "hang" } });
    await rig.recover(task);
    const waiting = rig.driver.waitTask(task.config.id, soon());
    if (answersInTime) silence.remove();
    else await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    const { exitCode, error = "" } = await waiting;
    assert.equal(exitCode, answersInTime ? 76 : -1);
    assert.match(error, answersInTime ? /^$/ : /^exit code unknown: .*within 7 s neither conmon nor Podman has told its code$/);
    silence.remove();
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  });
}

async function inspectState(task: RiggedTask): Promise<{ readonly pid: number; readonly conmonPid: number }> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  try {
    return (await podman.containers.inspect(`task-${task.config.allocId}`, soon()))?.state ?? assert.fail("there is no container");
  } finally {
    podman.close();
  }
}

test("a Podman that says nothing holds up the recovery of the first task alone", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const tasks: RiggedTask[] = [];
  for (let index = 0; index < 4; index += 1) tasks.push(await rig.runScript(`${untilGo}; exit ${80 + index}`));
  await rig.crash();
  const silence = proxy.inject({ fault: { kind: "hang" } });
  const [first, ...others] = tasks;
  await rig.recover(first ?? assert.fail("no task"));
  // Less than two of them would take.
  const deadline = AbortSignal.timeout(15_000);
  for (const task of others) await rig.driver.recoverTask(rig.handleOf(task), deadline);
  silence.remove();
  for (const [index, task] of tasks.entries()) {
    const waiting = rig.driver.waitTask(task.config.id, soon());
    await go(task);
    assert.equal((await waiting).exitCode, 80 + index);
  }
});

test("a task whose container Podman has forgotten is taken over while its process lives, and ends with its own code", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { recover_stopped: true } });
  const { rig, proxy } = faulty;
  const task = await rig.runScript(`${untilGo}; exit 74`);
  await rig.crash();
  proxy.inject({ ...onInspect, fault: podmanError("no such container", 404) });
  await rig.recover(task);
  const waiting = rig.driver.waitTask(task.config.id, soon());
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
  await go(task);
  assert.equal((await waiting).exitCode, 74);
});

test("a container that Podman takes for stopped is neither ended nor started again while its process lives", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { recover_stopped: true } });
  const { rig, proxy } = faulty;
  const task = await rig.runScript(`echo ready; ${untilGo}; exit 75`);
  await task.stdout.until((text) => text === "ready\n");
  await untilNoted(task);
  const { text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), {
    method: "GET",
    path: `/containers/task-${task.config.allocId}/json`,
    signal: soon(),
  });
  const inspect = JSON.parse(text) as { readonly State: Readonly<Record<string, unknown>> };
  await rig.crash();
  const forgetful = {
    ...inspect.State,
    Status: "exited",
    Running: false,
    Pid: 0,
    ConmonPid: 0,
    ExitCode: 0,
    FinishedAt: new Date().toISOString(),
  };
  proxy.inject({ ...onInspect, fault: { kind: "made-up", status: 200, body: JSON.stringify({ ...inspect, State: forgetful }) } });
  await rig.recover(task);
  const waiting = rig.driver.waitTask(task.config.id, soon());
  await go(task);
  assert.equal((await waiting).exitCode, 75);
  assert.equal((await task.stdout.whole()).toString(), "ready\n");
});
