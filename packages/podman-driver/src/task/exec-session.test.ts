import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LibpodError, type ExecInspect, type OutputPiece, type PodmanClient } from "@driver/libpod";
import { DriverError, type ExecInput, type ExecUpdate } from "@driver/nomad-plugin";
import { HostFixture } from "@driver/testing";
import { followExec, runExec, type ExecTarget } from "./exec-session.ts";

const containerId = "0123456789abcdef".repeat(4);
const command = ["check", "--password=geheim"];
const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const lost = (action: string): LibpodError =>
  new LibpodError({
    code: "engine-error",
    message: `${action}: podman answered 500: out of sorts`,
    endpoint: "",
    podmanCause: "no such file or directory",
  });

/** An exec endpoint that does what a test scripts. */
class ScriptedExec {
  session: ExecInspect = { running: false, exitCode: 0, pid: 0 };
  failsAt: "create" | "start" | "output" | "inspect" | undefined;
  /** False: the command writes nothing and does not end. */
  ends = true;
  written = 0;
  readonly survived: string[] = [];

  target(roots: HostFixture): ExecTarget {
    const fail = (step: ScriptedExec["failsAt"], action: string): void => {
      if (this.failsAt === step) throw lost(action);
    };
    const exec = {
      create: async () => (fail("create", `create exec in container ${containerId}`), "e".repeat(64)),
      start: async (_id: string, _options: unknown, signal: AbortSignal) => {
        fail("start", `start exec ${"e".repeat(64)}`);
        return {
          output: this.#output(signal, () => fail("output", `start exec ${"e".repeat(64)}`)),
          write: async () => void (this.written += 1),
          end: async () => undefined,
          destroy: () => undefined,
        };
      },
      inspect: async () => (fail("inspect", `inspect exec ${"e".repeat(64)}`), this.session),
    };
    return {
      podman: { exec } as unknown as PodmanClient,
      socketPath: roots.socketPath,
      containerId,
      roots,
      onSurvived: (reason) => void this.survived.push(reason),
    };
  }

  async *#output(signal: AbortSignal, begin: () => void): AsyncGenerator<OutputPiece> {
    begin();
    if (!this.ends) {
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    }
  }
}

for (const step of ["create", "start", "output", "inspect"] as const) {
  test(`a failure of Podman at ${step} leaves the driver as its own error, with Podman's words`, async () => {
    using host = new HostFixture();
    const script = new ScriptedExec();
    script.failsAt = step;
    await assert.rejects(runExec(script.target(host), { command, timeoutMs: 0 }, soon()), (error) => {
      assert.ok(error instanceof DriverError && error.cause instanceof LibpodError);
      assert.match(error.message, /^(create|start|inspect) exec (in container )?[0-9a-f]{12}: podman answered 500: out of sorts$/);
      return true;
    });
  });
}

test("a caller who leaves gets the reason he left with", async () => {
  using host = new HostFixture();
  const script = new ScriptedExec();
  script.session = { running: true, exitCode: 0, pid: 0 };
  const leaving = new Error("hung up");
  await assert.rejects(runExec(script.target(host), { command, timeoutMs: 0 }, AbortSignal.abort(leaving)), leaving);
  const caller = new AbortController();
  const running = runExec(script.target(host), { command, timeoutMs: 0 }, caller.signal);
  setImmediate(() => caller.abort(leaving));
  await assert.rejects(running, leaving);
});

test("a time-out says that the command was killed, and never what the command was", async () => {
  using host = new HostFixture();
  const script = new ScriptedExec();
  const sleeper = spawn("sleep", ["60"]);
  await once(sleeper, "spawn");
  host.addProcess({ pid: sleeper.pid ?? 0, cgroups: [`0::/machine.slice/libpod-${containerId}.scope`] });
  Object.assign(script, { ends: false, session: { running: true, exitCode: 0, pid: sleeper.pid ?? 0 } });
  const ended = once(sleeper, "exit");
  // Nomad tells times to the nanosecond.
  await assert.rejects(runExec(script.target(host), { command, timeoutMs: 20.5 }, soon()), {
    name: "DriverError",
    message: "exec: the command has not finished within 20.5 ms; it was killed",
  });
  await ended;
  assert.deepEqual(script.survived, []);
});

const survivors = [
  { what: "a process that is not the container's", pid: 77, reason: /neither in a cgroup of the container nor as a child of its conmon/ },
  { what: "a process of another host", pid: 78, reason: /Podman names process 78, which this host does not have/ },
  { what: "a Podman that does not tell", pid: 0, reason: /inspect exec .*out of sorts/ },
];
for (const { what, pid, reason } of survivors) {
  test(`a time-out says that the command could not be killed: ${what}`, async () => {
    using host = new HostFixture();
    host.addProcess({ pid: 77, cgroups: ["0::/system.slice"] });
    const script = new ScriptedExec();
    Object.assign(script, { ends: false, session: { running: true, exitCode: 0, pid }, ...(pid === 0 && { failsAt: "inspect" }) });
    await assert.rejects(runExec(script.target(host), { command, timeoutMs: 20 }, soon()), (error) => {
      assert.ok(error instanceof DriverError);
      assert.match(error.message, /^exec: the command has not finished within 20 ms; it could not be killed and may go on: /);
      assert.match(error.message, reason);
      return !error.message.includes("geheim");
    });
    assert.equal(script.survived.length, 1);
  });
}

test("keeps nothing of the messages it has passed on", async () => {
  using host = new HostFixture();
  const script = new ScriptedExec();
  script.ends = false;
  // So many, since a collection leaves some megabytes more or less.
  const messages = 400_000;
  const warmUps = 10_000;
  const data = Buffer.from("x");
  const grown = Promise.withResolvers<number>();
  const input = async function* (): AsyncGenerator<ExecInput> {
    // What the first ones compile and cache stays.
    for (let sent = 0; sent < warmUps; sent += 1) yield { kind: "stdin", data };
    const before = liveBytes();
    for (let sent = warmUps; sent < messages; sent += 1) yield { kind: "stdin", data };
    grown.resolve(liveBytes() - before);
    await new Promise(() => undefined);
  };
  const stop = new AbortController();
  const updates: AsyncIterable<ExecUpdate> = followExec(script.target(host), { command, tty: false }, input(), stop.signal);
  const following = assert.rejects(Array.fromAsync(updates), /enough/);
  const grownBytes = await grown.promise;
  assert.ok(grownBytes < 20 * messages, `${grownBytes} bytes after ${messages} messages`);
  assert.equal(script.written, messages);
  stop.abort(new Error("enough"));
  await following;
});

/** What is left on the heap after a collection. */
function liveBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
