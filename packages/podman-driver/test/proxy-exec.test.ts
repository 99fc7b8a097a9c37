import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecInput } from "@driver/nomad-plugin";
import { FaultyRig, podmanError, until, type Fault, type RiggedTask } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const onCreate = { method: "POST", path: /^\/containers\/[^/]+\/exec$/ } as const;
const onStart = { method: "POST", path: /^\/exec\/[^/]+\/start$/ } as const;
const onInspect = { method: "GET", path: /^\/exec\/[^/]+\/json$/ } as const;
const plain: readonly Fault[] = [podmanError("out of sorts"), { kind: "dropped" }, { kind: "lost-answer" }];
const bodies: readonly Fault[] = [{ kind: "empty-body" }, { kind: "half-body" }, { kind: "cut-body" }];

test("an exec passes through the proxy whole, with its input's end", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.runScript("sleep 60");
  const input = async function* (): AsyncGenerator<ExecInput> {
    yield { kind: "stdin", data: Buffer.from("from outside\n") };
    yield { kind: "stdin-close" };
  };
  const output: string[] = [];
  for await (const update of faulty.rig.driver.execTaskStreaming(task.config.id, { command: ["cat"], tty: false }, input(), soon())) {
    output.push(update.kind === "exited" ? `exit ${update.result.exitCode}` : Buffer.from(update.data).toString());
  }
  assert.deepEqual(output, ["from outside\n", "exit 0"]);
});

for (const [step, rule, faults] of [
  ["create", onCreate, [...plain, ...bodies]],
  ["start", onStart, plain],
] as const) {
  for (const fault of faults) {
    test(`an exec that fails at ${step} (${fault.kind}) is an error with its reason, and the next one works`, async () => {
      await using faulty = await FaultyRig.start();
      const { rig, proxy } = faulty;
      const task = await rig.runScript("sleep 60");
      const injected = proxy.inject({ ...rule, fault });
      await assert.rejects(rig.driver.execTask(task.config.id, { command: ["sleep", "30"], timeoutMs: 5000 }, soon()), /exec .*: \S+/);
      assert.ok(injected.hits > 0);
      injected.remove();
      await until(async () => !(await listProcesses(faulty, task)).includes("sleep 30"));
      const output = await rig.driver.execTask(task.config.id, { command: ["sh", "-c", "echo works; exit 61"], timeoutMs: 20_000 }, soon());
      assert.deepEqual([Buffer.from(output.stdout).toString(), output.result.exitCode], ["works\n", 61]);
    });
  }
}

for (const fault of [...plain, ...bodies]) {
  test(`an exec whose code Podman does not tell (${fault.kind}) reports no success`, async () => {
    await using faulty = await FaultyRig.start();
    const task = await faulty.rig.runScript("sleep 60");
    faulty.proxy.inject({ ...onInspect, fault });
    await assert.rejects(faulty.rig.driver.execTask(task.config.id, { command: ["true"], timeoutMs: 10_000 }, soon()), /exec .*: \S+/);
  });

  test(`an exec gives its code although Podman fails once to tell it (${fault.kind})`, async () => {
    await using faulty = await FaultyRig.start();
    const task = await faulty.rig.runScript("sleep 60");
    const injected = faulty.proxy.inject({ ...onInspect, fault, times: 1 });
    const output = await faulty.rig.driver.execTask(task.config.id, { command: ["sh", "-c", "exit 62"], timeoutMs: 10_000 }, soon());
    assert.equal(injected.hits, 1);
    assert.equal(output.result.exitCode, 62);
  });
}

for (const kind of ["dropped", "lost-answer"] as const) {
  test(`an exec runs once although the first answer to its create is lost (${kind})`, async () => {
    await using faulty = await FaultyRig.start();
    const task = await faulty.rig.runScript("sleep 60");
    const injected = faulty.proxy.inject({ ...onCreate, fault: { kind }, times: 1 });
    const command = ["sh", "-c", "echo run >>/alloc/runs; cat /alloc/runs"];
    const { stdout, result } = await faulty.rig.driver.execTask(task.config.id, { command, timeoutMs: 20_000 }, soon());
    assert.deepEqual([injected.hits, Buffer.from(stdout).toString(), result.exitCode], [1, "run\n", 0]);
  });
}

test("an exec whose connection is cut while it prints is an error, and its processes are ended", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const task = await rig.runScript("sleep 60");
  proxy.inject({ ...onStart, fault: { kind: "cut-body" } });
  const command = ["sh", "-c", "while :; do echo and so on; sleep 0.05; done"];
  await assert.rejects(rig.driver.execTask(task.config.id, { command, timeoutMs: 20_000 }, soon()), /exec/);
  await until(async () => !(await listProcesses(faulty, task)).includes("and so on"));
});

async function listProcesses(faulty: FaultyRig, task: RiggedTask): Promise<string> {
  const output = await faulty.rig.driver.execTask(task.config.id, { command: ["ps", "-o", "args"], timeoutMs: 20_000 }, soon());
  return Buffer.from(output.stdout).toString();
}
