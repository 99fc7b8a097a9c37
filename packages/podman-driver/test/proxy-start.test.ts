import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverError } from "@driver/nomad-plugin";
import { FaultyRig, podmanError, until, type Fault, type RiggedTask } from "@driver/testing";
import { findContainerOf } from "./inspect-of.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const wontDo: Fault = podmanError("the service is out of sorts");

const steps = [
  { step: "the look at Podman", method: "GET", path: /^\/_ping$/ },
  { step: "the question what Podman can do", method: "GET", path: /^\/info$/ },
  { step: "create", method: "POST", path: /^\/containers\/create$/ },
  { step: "start", method: "POST", path: /^\/containers\/[^/]+\/start$/ },
  { step: "the look at the started container", method: "GET", path: /^\/containers\/[^/]+\/json$/ },
] as const;

const faults: readonly Fault[] = [
  wontDo,
  { kind: "dropped" },
  { kind: "lost-answer" },
  { kind: "empty-body" },
  { kind: "half-body" },
  { kind: "cut-body" },
];

for (const { step, method, path } of steps) {
  for (const fault of faults) {
    test(`a start succeeds though Podman fails once at ${step} (${fault.kind})`, async () => {
      await using faulty = await FaultyRig.start();
      const { rig, proxy } = faulty;
      const task = await rig.prepare({ config: { command: "sh", args: ["-c", "echo once; exit 31"] } });
      const injected = proxy.inject({ method, path, fault, times: 1 });
      await rig.startTask(task);
      assert.equal(injected.hits, 1);
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 31);
      assert.equal((await task.stdout.whole()).toString(), "once\n");
    });
  }

  test(`a start that fails at ${step} may be tried again, leaves nothing and then succeeds`, async () => {
    await using faulty = await FaultyRig.start();
    const { rig, proxy } = faulty;
    const task = await rig.prepare({ config: { command: "sh", args: ["-c", "exit 31"] } });
    const injected = proxy.inject({ method, path, fault: wontDo });
    await assert.rejects(rig.startTask(task), isTransient);
    assert.ok(injected.hits > 0);
    injected.remove();
    assert.equal(await containerExists(task), false);
    await rig.startTask(task);
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 31);
  });
}

test("a start succeeds although each answer is late", async () => {
  await using faulty = await FaultyRig.start();
  faulty.proxy.inject({ fault: { kind: "delay", delayMs: 150 } });
  const task = await faulty.rig.runScript("echo out; exit 33");
  assert.equal((await faulty.rig.driver.waitTask(task.config.id, soon())).exitCode, 33);
  assert.equal((await task.stdout.whole()).toString(), "out\n");
});

test("tasks that start at once ask only once what Podman can do", async () => {
  await using faulty = await FaultyRig.start();
  const asked = faulty.proxy.inject({ path: /^\/info$/, fault: { kind: "delay", delayMs: 300 } });
  await Promise.all([1, 2, 3, 4].map(() => faulty.rig.runScript("exit 0")));
  assert.equal(asked.hits, 1);
});

test("a start ends with its deadline when Podman says nothing", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { client_http_timeout: "500ms" } });
  const { rig, proxy } = faulty;
  const task = await rig.prepare({});
  const injected = proxy.inject({ method: "POST", path: /^\/containers\/create$/, fault: { kind: "hang" } });
  // Podman goes on saying nothing: whoever waited for it would wait for ever.
  await assert.rejects(rig.startTask(task), isTransient);
  injected.remove();
  assert.equal(await containerExists(task), false);
});

test("a start whose caller hangs up leaves nothing, though Podman had not answered yet", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.prepare({});
  const injected = proxy.inject({ method: "POST", path: /\/start$/, fault: { kind: "hang" } });
  const hangUp = new AbortController();
  const starting = rig.driver.startTask(task.config, hangUp.signal);
  await until(() => injected.hits > 0);
  hangUp.abort(new Error("hung up"));
  await assert.rejects(starting);
  await until(async () => !(await containerExists(task)));
});

test("a start clears away what an earlier one left when Podman went down over its roll-back too", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const allocation = { allocId: "5b0e4c1c-8f3e-4f0e-9d3e-1f6f4c1d2a77", config: { command: "sh", args: ["-c", "exit 34"] } };
  const task = await rig.prepare(allocation);
  const down = [
    proxy.inject({ method: "POST", path: /\/start$/, fault: { kind: "dropped" } }),
    proxy.inject({ method: "DELETE", fault: { kind: "dropped" } }),
  ];
  await assert.rejects(rig.startTask(task), isTransient);
  for (const injected of down) injected.remove();
  const again = { ...task, config: { ...task.config, id: `${task.config.id.slice(0, -8)}00000001` } };
  await rig.startTask(again);
  assert.equal((await rig.driver.waitTask(again.config.id, soon())).exitCode, 34);
  await rig.driver.destroyTask(again.config.id, { force: true }, soon());
  assert.equal(await containerExists(task), false);
});

test("a lie that has no container id in it is no start", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.prepare({});
  faulty.proxy.inject({ path: /^\/containers\/create$/, fault: { kind: "made-up", status: 201, body: "{}" } });
  await assert.rejects(faulty.rig.startTask(task), isTransient);
});

test("an answer that blames the job is final", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.prepare({});
  faulty.proxy.inject({
    path: /^\/containers\/create$/,
    fault: podmanError("unable to find user nobody-here: no matching entries in passwd file"),
  });
  await assert.rejects(
    faulty.rig.startTask(task),
    (error) => error instanceof DriverError && !error.recoverable && /unable to find user/.test(error.message),
  );
});

test("a task is stopped while it is being started, though Podman owes the answer to its create for ever", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { client_http_timeout: "0" } });
  const { rig, proxy } = faulty;
  const task = await rig.prepare({ config: { command: "sleep", args: ["60"] } });
  const silence = proxy.inject({ path: /^\/containers\//, fault: { kind: "hang" } });
  const starting = rig.startTask(task);
  starting.catch(() => undefined);
  await until(() => silence.hits > 0);
  await rig.driver.stopTask(task.config.id, { timeoutMs: 1000, killSignal: "" }, soon());
  await assert.rejects(starting, /stopped while it was being started/);
  silence.remove();
  await rig.startTask(task);
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
});

function isTransient(error: unknown): boolean {
  assert.ok(error instanceof DriverError, String(error));
  assert.equal(error.recoverable, true, error.message);
  assert.match(error.message, /\S+: \S+/);
  return true;
}

async function containerExists(task: RiggedTask): Promise<boolean> {
  return (await findContainerOf(task)) !== undefined;
}
