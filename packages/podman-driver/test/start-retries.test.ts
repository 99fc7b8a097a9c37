import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PodmanClient } from "@driver/libpod";
import { messageOf } from "@driver/std";
import {
  DriverRig,
  FaultyRig,
  podmanError,
  requestEngine,
  runProcess,
  testSetting,
  until,
  type FaultRule,
  type RiggedTask,
} from "@driver/testing";
import { takePort } from "./taken-port.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const removal = { force: true, volumes: true, timeoutSeconds: 0 } as const;
const untilGo = "while [ ! -e /alloc/data/go ]; do sleep 0.05; done";
/** Tells how often the task's process was run. */
const countRun = "echo run >> /alloc/data/runs";

const hiccups: readonly (readonly [string, FaultRule])[] = [
  ["an unwell Podman at the first question", { path: /^\/info$/, times: 2, fault: podmanError("database is locked") }],
  ["a refusal to create that passes", { path: /^\/containers\/create$/, times: 2, fault: podmanError("database is locked") }],
  ["an answer to create that is lost", { path: /^\/containers\/create$/, times: 1, fault: { kind: "lost-answer" } }],
  ["an answer to create that is cut", { path: /^\/containers\/create$/, times: 1, fault: { kind: "half-body" } }],
  [
    "a refusal to start that passes",
    { path: /\/start$/, times: 3, fault: podmanError("OCI runtime error: resource temporarily unavailable") },
  ],
  ["a request to start that is lost", { path: /\/start$/, times: 1, fault: { kind: "dropped" } }],
  ["an answer to start that is lost", { path: /\/start$/, times: 1, fault: { kind: "lost-answer" } }],
  ["a look at the started container that fails", { path: /^\/containers\/[^/]+\/json$/, times: 2, fault: { kind: "cut-body" } }],
];

for (const [what, rule] of hiccups) {
  test(`starts a task once in spite of ${what}`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.prepare({ config: { command: "sh", args: ["-c", `${countRun}; exit 31`] } });
    const injected = proxy.inject(rule);
    await rig.startTask(task);
    assert.equal(injected.hits, rule.times);
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 31);
    assert.equal(await runsOf(task), 1);
  });
}

test("gives up on a Podman that goes on refusing, soon and with another try on offer", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.prepare({});
  const injected = proxy.inject({ path: /\/start$/, fault: podmanError("out of sorts") });
  await assert.rejects(rig.startTask(task), { message: /out of sorts/, recoverable: true });
  assert.equal(injected.hits, 5);
  assert.deepEqual(await containersOf(task), []);
});

test("waits for a port that is given up a moment later", async () => {
  await using rig = await DriverRig.start();
  await using port = await takePort();
  const task = await rig.prepare({
    config: { network_mode: "bridge", ports: ["http"], command: "sh", args: ["-c", "exit 32"] },
    resources: { ports: [port.mapping] },
  });
  const starting = rig.startTask(task);
  await until(() => /start container.*may be tried again.*address already in use/.test(rig.log));
  await port.release();
  await starting;
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 32);
});

test("waits for a name whose container is just being removed", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sh", args: ["-c", "exit 33"] } });
  // Removing so many files takes Podman a while.
  const makeFiles = "i=0; while [ $i -lt 20000 ]; do : > /f$i; i=$((i+1)); done; touch /done; sleep 300";
  const id = await startStranger(task, ["sh", "-c", makeFiles]);
  await withPodman(async (podman) => {
    await until(async () => (await podman.exec.inspect(await runExec(podman, id, ["test", "-e", "/done"]), soon())).exitCode === 0);
    const removing = podman.containers.remove(id, removal, soon());
    // Until Podman says so, the name is a stranger's.
    await until(async () => ["removing", undefined].includes((await podman.containers.inspect(id, soon()))?.state.status));
    await Promise.all([rig.startTask(task), removing]);
  });
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 33);
});

for (const state of ["running", "paused"] as const) {
  test(`leaves a stranger's ${state} container alone`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.prepare({});
    const id = await startStranger(task, ["sleep", "300"]);
    if (state === "paused") await pause(id);
    await assert.rejects(rig.startTask(task), { message: /which Nomad did not start: remove or rename that container/, recoverable: true });
    await withPodman(async (podman) => {
      assert.equal((await podman.containers.inspect(id, soon()))?.state.status, state);
      await podman.containers.remove(id, removal, soon());
    });
  });

  test(`replaces a ${state} container that an earlier start has left`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript(`${countRun}; [ $(wc -l < /alloc/data/runs) = 2 ] && exit 34; sleep 300`);
    await until(async () => (await runsOf(task)) === 1);
    if (state === "paused") await pause(`task-${task.config.allocId}`);
    await rig.crash();
    const again = { ...task.config, id: `${task.config.allocId}/task/0badcafe` };
    await rig.driver.startTask(again, soon());
    assert.equal((await rig.driver.waitTask(again.id, soon())).exitCode, 34);
    await rig.driver.destroyTask(again.id, { force: true }, soon());
  });
}

test("does not run a task twice whose start was answered to a plugin that died", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(`${countRun}; exit 35`);
  await rig.driver.waitTask(task.config.id, soon());
  await rig.crash();
  await rig.startTask(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 35);
  assert.equal(await runsOf(task), 1);
});

test("removes what a create that was interrupted has left in the storage", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sh", args: ["-c", "exit 36"] } });
  const left = await createStorageLeftover(rig, task);
  await rig.startTask(task);
  assert.ok(!(await containersOf(task)).includes(left));
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 36);
});

for (const end of ["stop", "destroy"] as const) {
  for (const afterMs of [0, 15, 40, 80, 130, 200]) {
    test(`a ${end} ${afterMs} ms after the call to start leaves nothing that runs`, async () => {
      await using rig = await DriverRig.start();
      const task = await rig.prepare({ config: { command: "sleep", args: ["300"] } });
      const { id } = task.config;
      const starting = rig.startTask(task).then(
        () => "started",
        (error: unknown) => (messageOf(error)),
      );
      await sleep(afterMs);
      if (end === "stop") await rig.driver.stopTask(id, { timeoutMs: 0, killSignal: "" }, soon());
      else await rig.driver.destroyTask(id, { force: true }, soon());
      const outcome = await starting;
      assert.match(outcome, /^started$|was stopped while it was being started/);
      if (end === "stop" && outcome === "started") assert.equal((await rig.driver.waitTask(id, soon())).exitCode, 137);
      else assert.deepEqual(await containersOf(task), []);
    });
  }
}

test("a start that was broken off can be made again at once", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.prepare({ config: { command: "sh", args: ["-c", `${untilGo}; exit 37`] } });
  const injected = proxy.inject({ path: /\/start$/, fault: { kind: "hang" } });
  const starting = assert.rejects(rig.startTask(task), /was stopped while it was being started/);
  await until(() => injected.hits > 0);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 5000, killSignal: "" }, soon());
  await starting;
  assert.deepEqual(await containersOf(task), []);
  injected.remove();
  await rig.startTask(task);
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
});

async function runsOf(task: RiggedTask): Promise<number> {
  const text = await readFile(join(task.config.allocDir, "alloc", "data", "runs"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

/** A running container that Nomad did not start, under the name that the task wants. */
async function startStranger(task: RiggedTask, command: readonly string[]): Promise<string> {
  return withPodman(async (podman) => {
    const { id } = await podman.containers.create(
      { name: `task-${task.config.allocId}`, image: testSetting("TEST_IMAGE"), command, netns: { nsmode: "none" } },
      soon(),
    );
    await podman.containers.start(id, soon());
    return id;
  });
}

async function runExec(podman: PodmanClient, container: string, command: readonly string[]): Promise<string> {
  const execId = await podman.exec.create(container, { command, tty: false, attachStdin: false }, soon());
  const stream = await podman.exec.start(execId, { tty: false }, soon());
  for await (const _ of stream.output);
  await until(async () => !(await podman.exec.inspect(execId, soon())).running);
  return execId;
}

async function pause(container: string): Promise<void> {
  const { status } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), {
    method: "POST",
    path: `/containers/${container}/pause`,
    signal: soon(),
  });
  assert.equal(status, 204);
}

/** Makes a container in the engine's storage that the engine does not know: one of a Podman with a database of its own. */
async function createStorageLeftover(rig: DriverRig, task: RiggedTask): Promise<string> {
  const { storage } = await withPodman((podman) => podman.info(soon()));
  const place = join(rig.root, "other");
  const env = { ...process.env, CONTAINERS_CONF: `${place}.containers`, CONTAINERS_STORAGE_CONF: `${place}.storage` };
  await writeFile(
    env.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "${storage.driver}"\ngraphroot = "${storage.graphRoot}"\nrunroot = "${storage.runRoot}"\n`,
  );
  await writeFile(
    env.CONTAINERS_CONF,
    `[engine]\nstatic_dir = "${place}/static"\ntmp_dir = "${place}/tmp"\nvolume_path = "${place}/volumes"\nevents_logger = "none"\n`,
  );
  const create = ["create", "--network", "none", "--name", `task-${task.config.allocId}`, testSetting("TEST_IMAGE")];
  const made = await runProcess("podman", create, { env, signal: soon() });
  assert.equal(made.code, 0, made.stderr);
  return made.stdout.trim();
}

async function containersOf(task: RiggedTask): Promise<string[]> {
  return withPodman(async (podman) => (await podman.containers.list({ names: [task.config.allocId] }, soon())).map(({ id }) => id));
}
