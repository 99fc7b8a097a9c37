import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { ContainerInspect } from "@driver/libpod";
import { FaultyRig, until, type RiggedTask } from "@driver/testing";
import { hostRoots, identifyProcess, isAlive, isStopped } from "../src/host/proc-files.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const polite = "trap 'echo bye; exit 51' TERM; echo ready; while :; do sleep 0.05; done";
const stubborn = "trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done";
const endings = [
  { what: "ends by its kill signal", script: polite, timeoutMs: 20_000, wanted: { exitCode: 51, signal: 0 } },
  { what: "has to be killed", script: stubborn, timeoutMs: 2000, wanted: { exitCode: 137, signal: 9 } },
] as const;

for (const { what, script, timeoutMs, wanted } of endings) {
  for (const isFrozen of [false, true]) {
    const [hung, hangs] = isFrozen ? ["conmon and Podman", "hang"] : ["conmon", "hangs"];
    test(`a task that ${what} is stopped and destroyed, and its code reported, while ${hung} ${hangs}`, async () => {
      await using faulty = await FaultyRig.start();
      const { rig, proxy } = faulty;
      const { task, state } = await startReady(faulty, script);
      const main = identifyProcess(hostRoots, state.pid) ?? assert.fail("it has ended");
      await using conmon = new FrozenProcess(state.conmonPid);
      const silence = isFrozen ? proxy.inject({ fault: { kind: "hang" } }) : undefined;
      // Both stay as they are until the task is destroyed: what ends before that has not waited for them.
      await rig.driver.stopTask(task.config.id, { timeoutMs, killSignal: "" }, soon());
      assert.equal(isAlive(hostRoots, main), false);
      const { exitCode, signal } = await rig.driver.waitTask(task.config.id, soon());
      assert.deepEqual({ exitCode, signal }, wanted);
      silence?.remove();
      await rig.driver.destroyTask(task.config.id, { force: true }, soon());
      await untilRemoved(task, conmon);
    });
  }
}

test("a forced destroy needs no conmon: the task is dead and destroyed while that hangs", async () => {
  await using faulty = await FaultyRig.start();
  const { task, state } = await startReady(faulty, stubborn);
  await using conmon = new FrozenProcess(state.conmonPid);
  const waiting = faulty.rig.driver.waitTask(task.config.id, soon());
  await faulty.rig.driver.destroyTask(task.config.id, { force: true }, soon());
  assert.equal((await waiting).exitCode, 137);
  await untilRemoved(task, conmon);
});

for (const how of ["stop", "destroy"] as const) {
  test(`a conmon that somebody has stopped goes on when its task is to end (${how}), and is left nowhere`, async () => {
    await using faulty = await FaultyRig.start();
    const { task, state } = await startReady(faulty, polite);
    const conmon = identifyProcess(hostRoots, state.conmonPid) ?? assert.fail("it has ended");
    process.kill(conmon.pid, "SIGSTOP");
    // On a busy machine it takes a moment to be stopped.
    await until(() => isStopped(hostRoots, conmon));
    const waiting = faulty.rig.driver.waitTask(task.config.id, soon());
    if (how === "stop") await faulty.rig.driver.stopTask(task.config.id, { timeoutMs: 30_000, killSignal: "" }, soon());
    else await faulty.rig.driver.destroyTask(task.config.id, { force: true }, soon());
    assert.equal((await waiting).exitCode, how === "stop" ? 51 : 137);
    // What it had not written yet is not lost with it.
    if (how === "stop") assert.equal((await task.stdout.whole()).toString(), "ready\nbye\n");
    await until(() => !isAlive(hostRoots, conmon));
  });
}

test("a conmon that somebody stops while its task is being stopped goes on too", async () => {
  await using faulty = await FaultyRig.start();
  const { task, state } = await startReady(faulty, "trap 'echo asked; sleep 1; exit 51' TERM; echo ready; while :; do sleep 0.05; done");
  const conmon = identifyProcess(hostRoots, state.conmonPid) ?? assert.fail("it has ended");
  const stopping = faulty.rig.driver.stopTask(task.config.id, { timeoutMs: 30_000, killSignal: "" }, soon());
  await task.stdout.until((text) => text.includes("asked\n"));
  process.kill(conmon.pid, "SIGSTOP");
  await stopping;
  assert.equal((await faulty.rig.driver.waitTask(task.config.id, soon())).exitCode, 51);
  await until(() => !isAlive(hostRoots, conmon));
});

test("a task that ends by itself is not taken to run for ever while its conmon is stopped", async () => {
  await using faulty = await FaultyRig.start();
  const { task, state } = await startReady(faulty, "echo ready; read go < /alloc/go; exit 37", "mkfifo /alloc/go");
  process.kill(state.conmonPid, "SIGSTOP");
  writeFileSync(`${task.config.allocDir}/alloc/go`, "go\n");
  assert.deepEqual(await faulty.rig.driver.waitTask(task.config.id, soon()), { exitCode: 37, signal: 0, oomKilled: false });
  await faulty.rig.driver.destroyTask(task.config.id, { force: false }, soon());
  await until(() => identifyProcess(hostRoots, state.conmonPid) === undefined);
});

/** A task whose script has said that it is ready. */
async function startReady(
  { rig }: FaultyRig,
  script: string,
  before = ":",
): Promise<{ readonly task: RiggedTask; readonly state: ContainerInspect["state"] }> {
  const task = await rig.runScript(`${before}; ${script}`);
  await task.stdout.until((text) => text === "ready\n");
  const { state } = (await inspect(task)) ?? assert.fail("there is no container");
  return { task, state };
}

/** Podman 4.3 has removed the container by now. 5.4 and 5.8 do not as long as its conmon is there: it goes when that goes on. */
async function untilRemoved(task: RiggedTask, conmon: FrozenProcess): Promise<void> {
  const { version } = await withPodman((podman) => podman.info(soon()));
  if (Number(version.split(".")[0]) >= 5) {
    await conmon[Symbol.asyncDispose]();
    await until(async () => (await inspect(task)) === undefined);
  }
  assert.equal(await inspect(task), undefined);
}

async function inspect(task: RiggedTask): Promise<ContainerInspect | undefined> {
  return withPodman(({ containers }) => containers.inspect(`task-${task.config.allocId}`, soon()));
}

/** A process that hangs, and that no signal lets go on: in a cgroup of its own that is frozen. */
class FrozenProcess implements AsyncDisposable {
  readonly #group: string;
  readonly #freezer: { readonly file: string; readonly on: string; readonly off: string };

  constructor(pid: number) {
    const isVersion2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
    this.#freezer = isVersion2 ? { file: "cgroup.freeze", on: "1", off: "0" } : { file: "freezer.state", on: "FROZEN", off: "THAWED" };
    this.#group = `/sys/fs/cgroup/${isVersion2 ? "" : "freezer/"}hung-${pid}`;
    mkdirSync(this.#group);
    writeFileSync(`${this.#group}/cgroup.procs`, String(pid));
    writeFileSync(`${this.#group}/${this.#freezer.file}`, this.#freezer.on);
  }

  /** It goes on, and nothing is left of its group. Safe to call again. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!existsSync(this.#group)) return;
    writeFileSync(`${this.#group}/${this.#freezer.file}`, this.#freezer.off);
    // It ends, as a rule, and Podman's clean-up, which it has started, as well.
    await until(() => {
      try {
        rmdirSync(this.#group);
        return true;
      } catch {
        return false;
      }
    });
  }
}
