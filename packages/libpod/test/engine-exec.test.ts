import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LibpodError, type ExecInspect, type ExecSpec, type ExecStream, type PodmanClient } from "../src/index.ts";
import { openEngineUnderTest } from "./engine-under-test.ts";

const limit = { timeout: 240_000 };
const sleeper = { command: ["sleep", "1000"] };

interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly end: ExecInspect;
}

/** Runs a command to its end; `feed` writes to its stdin meanwhile. */
async function runExec(
  client: PodmanClient,
  container: string,
  spec: ExecSpec,
  signal: AbortSignal,
  feed?: (stream: ExecStream, execId: string) => Promise<void>,
): Promise<ExecResult> {
  const execId = await client.exec.create(container, spec, signal);
  const stream = await client.exec.start(execId, { tty: spec.tty }, signal);
  const feeding = feed?.(stream, execId);
  const text = { stdout: "", stderr: "" };
  for await (const piece of stream.output) text[piece.stream] += Buffer.from(piece.data).toString("latin1");
  await feeding;
  return { ...text, end: await client.exec.inspect(execId, signal) };
}

describe("exec", limit, () => {
  test("gives both streams and the exit code", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run(sleeper);
    const spec = { command: ["sh", "-c", "echo out; echo err >&2; exit 3"], tty: false, attachStdin: false };
    assert.deepEqual(await runExec(engine.client, id, spec, signal), {
      stdout: "out\n",
      stderr: "err\n",
      end: { running: false, exitCode: 3, pid: 0 },
    });
  });

  test("takes a megabyte of stdin through and sees its end", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run(sleeper);
    const block = Buffer.alloc(64 * 1024, "abcdefg\n");
    const result = await runExec(engine.client, id, { command: ["cat"], tty: false, attachStdin: true }, signal, async (stream) => {
      for (let count = 0; count < 16; count += 1) await stream.write(block);
      await stream.end();
    });
    assert.equal(result.stdout.length, 16 * block.length);
    assert.equal(result.end.exitCode, 0);
  });

  test("serves a terminal: resize while it runs, end of input by its character", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run(sleeper);
    const result = await runExec(engine.client, id, { command: ["cat"], tty: true, attachStdin: true }, signal, async (stream, execId) => {
      await engine.client.exec.resize(execId, { height: 40, width: 120 }, signal);
      await stream.write(Buffer.from("typed\n"));
      await stream.write(Uint8Array.of(4));
    });
    assert.deepEqual([result.stdout, result.stderr, result.end.exitCode], ["typed\r\ntyped\r\n", "", 0]);
  });

  test("tells a command that cannot be run by code and stderr, and a second start by an error", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run(sleeper);
    const result = await runExec(engine.client, id, { command: ["/no-such-program"], tty: false, attachStdin: false }, signal);
    assert.equal(result.end.exitCode, 127);
    assert.match(result.stderr, /no such file or directory/i);
    const execId = await engine.client.exec.create(id, { command: ["true"], tty: false, attachStdin: false }, signal);
    await Array.fromAsync((await engine.client.exec.start(execId, { tty: false }, signal)).output);
    await assert.rejects(
      engine.client.exec.start(execId, { tty: false }, signal),
      (error) => error instanceof LibpodError && error.podmanCause === "exec session state improper",
    );
  });

  test("runs on when its connection is dropped", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.run(sleeper);
    const execId = await engine.client.exec.create(
      id,
      { command: ["sh", "-c", "echo on; exec sleep 1000"], tty: false, attachStdin: false },
      signal,
    );
    const stream = await engine.client.exec.start(execId, { tty: false }, signal);
    const output = stream.output[Symbol.asyncIterator]();
    assert.equal(Buffer.from((await output.next()).value?.data).toString(), "on\n");
    stream.destroy();
    const session = await engine.client.exec.inspect(execId, signal);
    assert.deepEqual([session.running, session.pid > 0], [true, true]);
  });

  test("is refused in a container that does not run", async ({ signal }) => {
    await using engine = openEngineUnderTest(signal);
    const id = await engine.create(sleeper);
    const create = engine.client.exec.create(id, { command: ["true"], tty: false, attachStdin: false }, signal);
    await assert.rejects(create, /^LibpodError: create exec in container .*can only create exec sessions on running containers/);
  });
});
