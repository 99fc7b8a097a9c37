import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { WaitResult } from "@driver/nomad-plugin";
import {
  exitFolder,
  FaultyRig,
  podmanError,
  until,
  type Fault,
  type FaultRule,
  type FaultyRigOptions,
} from "@driver/testing";
import { go, untilGo } from "./go-file.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const onWait = { method: "POST", path: /^\/containers\/[^/]+\/wait$/ } as const;
const onInspect = { method: "GET", path: /^\/containers\/[^/]+\/json$/ } as const;
const always: readonly Fault[] = [
  podmanError("out of sorts"),
  { kind: "dropped" },
  { kind: "lost-answer" },
  { kind: "empty-body" },
  { kind: "half-body" },
  { kind: "cut-body" },
];
const saysZero: Fault = { kind: "made-up", status: 200, body: "0\n" };
const saysCreated = (status: string): Fault => ({
  kind: "made-up",
  status: 200,
  body: JSON.stringify({ Id: "0".repeat(64), State: { Status: status, ExitCode: 0, Pid: 0, FinishedAt: "0001-01-01T00:00:00Z" } }),
});

describe("whatever Podman's wait says", () => {
  for (const fault of [...always, saysZero]) {
    test(`the exit code is true and in time though Podman's wait always fails (${nameOf(fault)})`, async () => {
      const result = await exitUnder({ ...onWait, fault }, { hides: "folder" });
      assert.deepEqual(result, { exitCode: 41, signal: 0, oomKilled: false });
    });
  }
});

for (const fault of [...always, { kind: "made-up", status: 404, body: "Not Found" } as const]) {
  test(`the exit code is true though Podman, which has to be asked, does not answer for a while (${nameOf(fault)})`, async () => {
    const result = await exitUnder({ ...onInspect, fault, times: 4 }, { hides: "records" });
    assert.deepEqual(result, { exitCode: 41, signal: 0, oomKilled: false });
  });
}

test("Podman is not asked for the end of a container that is in sight, and tells of it all the same where it is not", async () => {
  const asked: boolean[] = [];
  for (const options of [{}, { hides: "folder" } as const]) {
    await using faulty = await FaultyRig.start(options);
    const noted = [onWait.path, /^\/events/].map((path) => faulty.proxy.inject({ path, fault: { kind: "delay", delayMs: 1 } }));
    const task = await faulty.rig.runScript("sleep 0.5; exit 40");
    assert.equal((await faulty.rig.driver.waitTask(task.config.id, soon())).exitCode, 40);
    asked.push(...noted.map(({ hits }) => hits > 0));
  }
  assert.deepEqual(asked, [false, false, true, true]);
});

test("the exit code is true though both wait and inspect fail for a while", async () => {
  await using faulty = await FaultyRig.start({ hides: "folder" });
  const harm = [faulty.proxy.inject({ ...onWait, fault: saysZero })];
  const task = await faulty.rig.runScript(`echo begun; ${untilGo}; exit 42`);
  await task.stdout.until((text) => text === "begun\n");
  harm.push(faulty.proxy.inject({ ...onInspect, fault: podmanError("out of sorts") }));
  await go(task);
  await until(() => harm.every((one) => one.hits > 2));
  const waiting = faulty.rig.driver.waitTask(task.config.id, soon());
  for (const one of harm) one.remove();
  assert.equal((await waiting).exitCode, 42);
});

test("a task goes on under a wait that claims its end", async () => {
  await using faulty = await FaultyRig.start({ hides: "folder" });
  const injected = faulty.proxy.inject({ ...onWait, fault: saysZero });
  const task = await faulty.rig.runScript(`echo begun; ${untilGo}; exit 43`);
  await until(() => injected.hits > 1);
  assert.equal((await faulty.rig.driver.inspectTask(task.config.id, soon())).state, "running");
  await go(task);
  assert.equal((await faulty.rig.driver.waitTask(task.config.id, soon())).exitCode, 43);
});

for (const status of ["created", "exited", "stopped"]) {
  test(`a container said to be ${status} with code 0 and no end never counts as success`, async () => {
    await using faulty = await FaultyRig.start({ hides: "records" });
    const task = await faulty.rig.runScript("exit 44");
    faulty.proxy.inject({ ...onInspect, fault: saysCreated(status) });
    const result = await Promise.race([
      faulty.rig.driver.waitTask(task.config.id, soon()),
      until(() => false, 2000).catch((): undefined => undefined),
    ]);
    assert.notEqual(result?.exitCode, 0);
  });
}

for (const [ending, script, want] of [
  ["its kill signal", "trap 'exit 46' TERM; echo begun; while :; do sleep 0.05; done", { exitCode: 46, signal: 0 }],
  ["SIGKILL", "trap '' TERM; echo begun; while :; do sleep 0.05; done", { exitCode: 137, signal: 9 }],
] as const) {
  test(`a task that Podman believes to be gone is ended by ${ending} all the same`, async () => {
    await using faulty = await FaultyRig.start();
    const task = await faulty.rig.runScript(script);
    await task.stdout.until((text) => text === "begun\n");
    const lie = faulty.proxy.inject({
      method: "POST",
      path: /\/kill$/,
      fault: podmanError("can only kill running containers: container state improper"),
    });
    faulty.proxy.inject({ ...onInspect, fault: saysCreated("created") });
    await faulty.rig.driver.stopTask(task.config.id, { timeoutMs: 1000, killSignal: "SIGTERM" }, soon());
    const { exitCode, signal } = await faulty.rig.driver.waitTask(task.config.id, soon());
    assert.deepEqual({ exitCode, signal }, want);
    assert.ok(lie.hits > 0);
  });
}

test("an exit is reported with its code and all output while Podman refuses connections", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.runScript(`echo begun; ${untilGo}; echo last; exit 45`);
  await task.stdout.until((text) => text === "begun\n");
  const { attributes } = await faulty.rig.driver.inspectTask(task.config.id, soon());
  await faulty.proxy.refuse();
  // Something turns up in the place of conmon's record: Podman is asked what to make of it, again and again.
  await writeFile(join(exitFolder(), String(attributes["container_id"])), "no code");
  await sleep(1000);
  await go(task);
  assert.equal((await faulty.rig.driver.waitTask(task.config.id, soon())).exitCode, 45);
  await task.stdout.until((text) => text === "begun\nlast\n");
  await faulty.proxy.accept();
});

test("an exit of which only Podman knows is reported when it accepts connections again", async () => {
  await using faulty = await FaultyRig.start({ hides: "records" });
  const task = await faulty.rig.runScript(`echo begun; ${untilGo}; echo last; exit 45`);
  await task.stdout.until((text) => text === "begun\n");
  await faulty.proxy.refuse();
  const waiting = faulty.rig.driver.waitTask(task.config.id, soon());
  await go(task);
  await task.stdout.until((text) => text === "begun\nlast\n");
  await faulty.proxy.accept();
  assert.equal((await waiting).exitCode, 45);
});

test("the node is told that Podman does not answer, and that it does again", async () => {
  await using faulty = await FaultyRig.start();
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const fingerprint of faulty.rig.driver.fingerprint(stop.signal)) seen.push(fingerprint.health);
  })().catch(() => undefined);
  await faulty.proxy.refuse();
  await until(() => seen.length > 0);
  await faulty.proxy.accept();
  await until(() => seen.at(-1) === "healthy");
  stop.abort();
  await following;
});

/** Lets a task exit with 41 while a rule is at work, as it goes on to be. */
async function exitUnder(rule: FaultRule, options: FaultyRigOptions = {}): Promise<WaitResult> {
  await using faulty = await FaultyRig.start(options);
  // A wait is asked for right after the start, and then open until the end.
  const early = rule.path === onWait.path ? faulty.proxy.inject(rule) : undefined;
  const task = await faulty.rig.runScript(`echo begun; ${untilGo}; exit 41`);
  await task.stdout.until((text) => text === "begun\n");
  const injected = early ?? faulty.proxy.inject(rule);
  const waiting = faulty.rig.driver.waitTask(task.config.id, soon());
  await go(task);
  const result = await waiting;
  assert.ok(injected.hits > 0);
  return result;
}

function nameOf(fault: Fault): string {
  return fault.kind === "made-up" ? `${fault.status} ${fault.body.trim()}` : fault.kind;
}
