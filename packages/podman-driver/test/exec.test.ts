import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import type { ExecInput, ExecUpdate } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, until } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const forever = "while :; do sleep 0.1; done";

test("runs a command and gives its output and exit code", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const output = await rig.driver.execTask(
    task.config.id,
    { command: ["sh", "-c", "echo out; echo err >&2; exit 43"], timeoutMs: 20_000 },
    soon(),
  );
  assert.equal(Buffer.from(output.stdout).toString(), "out\n");
  assert.equal(Buffer.from(output.stderr).toString(), "err\n");
  assert.equal(output.result.exitCode, 43);
});

test("keeps the last 4096 bytes of long output", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const output = await rig.driver.execTask(task.config.id, { command: ["seq", "1", "10000"], timeoutMs: 20_000 }, soon());
  assert.equal(output.stdout.length, 4096);
  assert.ok(Buffer.from(output.stdout).toString().endsWith("9999\n10000\n"));
});

test("kills a command that takes too long, its background children included", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const command = ["sh", "-c", "sleep 4321 & sleep 4321"];
  await assert.rejects(rig.driver.execTask(task.config.id, { command, timeoutMs: 500 }, soon()), /not finished within 500 ms/);
  await until(async () => {
    const left = await rig.driver.execTask(
      task.config.id,
      { command: ["sh", "-c", "ps | grep -c '[s]leep 4321'"], timeoutMs: 20_000 },
      soon(),
    );
    return Buffer.from(left.stdout).toString() === "0\n";
  });
});

test("kills a command that takes too long where the kernel shows no cgroup of the container", async () => {
  await using faulty = await FaultyRig.start({ hides: "cgroups" });
  const { rig } = faulty;
  const task = await rig.runScript(forever);
  const running = rig.driver.execTask(task.config.id, { command: ["sh", "-c", "sleep 4399 & sleep 4399; :"], timeoutMs: 12_000 }, soon());
  const refused = assert.rejects(running, {
    name: "DriverError",
    message: "exec: the command has not finished within 12000 ms; it was killed",
  });
  await until(() => listPids("sleep 4399").length >= 3);
  const pids = listPids("sleep 4399");
  for (const pid of pids) {
    await promisify(execFile)("nsenter", [
      "--mount",
      "--target",
      String(rig.pluginPid),
      "mount",
      "--bind",
      "/dev/null",
      `/proc/${pid}/cgroup`,
    ]);
  }
  await refused;
  await until(() => pids.every((pid) => !existsSync(`/proc/${pid}/exe`)));
});

test("says what is wrong with a command that does not exist or is empty", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const output = await rig.driver.execTask(task.config.id, { command: ["no-such-program"], timeoutMs: 20_000 }, soon());
  assert.equal(output.result.exitCode, 127);
  await assert.rejects(rig.driver.execTask(task.config.id, { command: [], timeoutMs: 20_000 }, soon()), /command is empty/);
});

test("refuses to run a command in a task that has ended", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("exit 0");
  await rig.driver.waitTask(task.config.id, soon());
  await assert.rejects(rig.driver.execTask(task.config.id, { command: ["true"], timeoutMs: 20_000 }, soon()), /has ended/);
});

test("gives a command without input a stdin of its own, which has ended", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const command = ["sh", "-c", "readlink /proc/self/fd/0; cat; echo read all"];
  const output = await rig.driver.execTask(task.config.id, { command, timeoutMs: 30_000 }, soon());
  assert.match(Buffer.from(output.stdout).toString(), /^pipe:\[\d+\]\nread all\n$/);
});

test("passes stdin on and ends with it", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const updates = await collect(
    rig.driver.execTaskStreaming(task.config.id, { command: ["cat"], tty: false }, input(Buffer.from("a\nb"), Buffer.from("c")), soon()),
  );
  assert.equal(updates.stdout, "a\nbc");
  assert.equal(updates.exitCode, 0);
});

test("carries megabytes both ways, byte for byte", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const block = Buffer.alloc(32 * 1024, "0123456789abcdef\n");
  const blocks = Array.from({ length: 100 }, () => block);
  const updates = await collect(rig.driver.execTaskStreaming(task.config.id, { command: ["cat"], tty: false }, input(...blocks), soon()));
  assert.ok(updates.stdout === Buffer.concat(blocks).toString());
});

test("keeps both streams of a session apart", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const updates = await collect(
    rig.driver.execTaskStreaming(task.config.id, { command: ["sh", "-c", "echo out; echo err >&2; exit 1"], tty: false }, input(), soon()),
  );
  assert.deepEqual([updates.stdout, updates.stderr, updates.exitCode], ["out\n", "err\n", 1]);
});

test("gives a terminal of the size asked for", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  async function* resizeThenType(): AsyncGenerator<ExecInput> {
    yield { kind: "resize", height: 44, width: 111 };
    // Podman resizes it in its own time.
    yield { kind: "stdin", data: Buffer.from('until [ "$(stty size)" = "44 111" ]; do sleep 0.1; done; stty size; exit 5\n') };
    await new Promise(() => undefined);
  }
  const updates = await collect(rig.driver.execTaskStreaming(task.config.id, { command: ["sh"], tty: true }, resizeThenType(), soon()));
  assert.match(updates.stdout, /44 111\r\n/);
  assert.equal(updates.exitCode, 5);
});

test("ends the process when the caller hangs up", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const gone = new AbortController();
  const session = rig.driver.execTaskStreaming(
    task.config.id,
    { command: ["sh", "-c", "echo ready; sleep 4322"], tty: false },
    input(),
    gone.signal,
  );
  await assert.rejects(async () => {
    for await (const update of session) if (update.kind === "stdout") gone.abort(new Error("hung up"));
  });
  await until(async () => {
    const left = await rig.driver.execTask(
      task.config.id,
      { command: ["sh", "-c", "ps | grep -c '[s]leep 4322'"], timeoutMs: 20_000 },
      soon(),
    );
    return Buffer.from(left.stdout).toString() === "0\n";
  });
});

test("ends a session with its task", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(forever);
  const command = ["sh", "-c", "echo ready; exec sleep 4323"];
  const session = rig.driver.execTaskStreaming(task.config.id, { command, tty: false }, input(), soon())[Symbol.asyncIterator]();
  const first = (await session.next()).value as ExecUpdate;
  assert.equal(first.kind, "stdout");
  const rest = collect({ [Symbol.asyncIterator]: () => session }).catch(() => "ended");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 0, killSignal: "" }, soon());
  await rest;
});

async function* input(...blocks: readonly Uint8Array[]): AsyncGenerator<ExecInput> {
  for (const data of blocks) yield { kind: "stdin", data };
  yield { kind: "stdin-close" };
  // Nomad keeps its side of the stream open.
  await new Promise(() => undefined);
}

/** Processes of this world with this text in their arguments. */
function listPids(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").includes(text);
      } catch {
        return false;
      }
    });
}

async function collect(
  updates: AsyncIterable<ExecUpdate>,
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number | undefined }> {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  let exitCode: number | undefined;
  for await (const update of updates) {
    if (update.kind === "exited") exitCode = update.result.exitCode;
    else (update.kind === "stdout" ? stdout : stderr).push(update.data);
  }
  return { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), exitCode };
}
