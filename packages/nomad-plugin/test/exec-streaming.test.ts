import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { waitAborted } from "@driver/std";
import fc from "fast-check";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ExecInput, ExecSetup, ExecUpdate, TaskDriver } from "../src/index.ts";
import { taskNotFound } from "../src/index.ts";
import { Driver } from "../src/gen/driver_pb.ts";
import type { ExecTaskStreamingRequestSchema } from "../src/gen/driver_pb.ts";
import { scriptedDriver } from "./scripted-driver.ts";
import { serveInProcess } from "./serve-in-process.ts";

type Request = MessageInitShape<typeof ExecTaskStreamingRequestSchema>;
type Exec = TaskDriver["execTaskStreaming"];

const signal = AbortSignal.timeout(60_000);
const success = { exitCode: 0, signal: 0, oomKilled: false };

/** Requests as Nomad sends them: no half-close, whatever comes. */
async function* neverHalfClosed(requests: readonly Request[], stop: AbortSignal): AsyncGenerator<Request> {
  yield* requests;
  await waitAborted(stop);
}

/** What the agent receives for these requests. */
async function answersTo(exec: Exec, requests: readonly Request[]) {
  await using served = await serveInProcess(scriptedDriver({ execTaskStreaming: exec }));
  const stop = new AbortController();
  try {
    const answers = createClient(Driver, served.connection.transport).execTaskStreaming(neverHalfClosed(requests, stop.signal), {
      signal: stop.signal,
    });
    return await Array.fromAsync(answers, ({ stdout, stderr, exited, result }) => ({
      ...(stdout && { stdout: stdout.close ? "close" : Buffer.from(stdout.data).toString() }),
      ...(stderr && { stderr: stderr.close ? "close" : Buffer.from(stderr.data).toString() }),
      ...(exited && { exited, exitCode: result?.exitCode }),
    }));
  } finally {
    stop.abort();
  }
}

const setup: Request = { setup: { taskId: "x", command: ["sh"], tty: false } };
const stdin = (text: string): Request => ({ stdin: { data: Buffer.from(text) } });

/** Echoes each input as text until stdin closes, then exits 43. */
const echo: Exec = async function* (_taskId, _setup, input) {
  for await (const item of input) {
    if (item.kind === "stdin-close") break;
    yield { kind: "stdout", data: item.kind === "stdin" ? item.data : Buffer.from(`${item.width}x${item.height}`) };
  }
  yield { kind: "exited", result: { ...success, exitCode: 43 } };
};

const ending = [{ stdout: "close" }, { stderr: "close" }, { exited: true, exitCode: 43 }];

test("input is passed on, heartbeats are not, and the end is both closes and then the result", async () => {
  const requests = [setup, stdin("one"), {}, { ttySize: { height: 100, width: 80 } }, stdin("two"), stdin(""), { stdin: { close: true } }];
  assert.deepEqual(await answersTo(echo, requests), [{ stdout: "one" }, { stdout: "80x100" }, { stdout: "two" }, ...ending]);
});

test("data beside a close is left out", async () => {
  assert.deepEqual(await answersTo(echo, [setup, { stdin: { data: Buffer.from("lost"), close: true } }]), ending);
});

test("a result of exit code 0 is on the wire", async () => {
  const exec: Exec = async function* () {
    yield { kind: "exited", result: success };
  };
  assert.deepEqual((await answersTo(exec, [setup])).at(-1), { exited: true, exitCode: 0 });
});

test("output keeps its order, and what follows the exit is not sent", async () => {
  const exec: Exec = async function* () {
    yield { kind: "stdout", data: Buffer.from("a") };
    yield { kind: "stderr", data: Buffer.from("b") };
    yield { kind: "stdout", data: new Uint8Array() };
    yield { kind: "stdout", data: Buffer.from("c") };
    yield { kind: "exited", result: { ...success, exitCode: 43 } };
    yield { kind: "stdout", data: Buffer.from("late") };
  };
  assert.deepEqual(await answersTo(exec, [setup]), [{ stdout: "a" }, { stderr: "b" }, { stdout: "c" }, ...ending]);
});

const refused: readonly (readonly [title: string, exec: Exec, requests: readonly Request[], text: RegExp])[] = [
  ["a session that does not begin with its setup", echo, [stdin("x")], /^first message should always be setup$/],
  ["a second setup", echo, [setup, setup], /^unexpected message type/],
  [
    "a second setup although the driver does not look at its input",
    async function* (_taskId, _setup, input, callSignal) {
      void Array.fromAsync(input);
      await waitAborted(callSignal);
    },
    [setup, setup],
    /^unexpected message type/,
  ],
  [
    "an unknown task",
    async function* (taskId) {
      throw taskNotFound(taskId);
    },
    [setup],
    /^task not found for given id: x$/,
  ],
  ["a session without an exit", async function* () {}, [setup], /^exec session ended without an exit result$/],
];

for (const [title, exec, requests, text] of refused) {
  test(`${title} ends with status Unknown and a text`, async () => {
    await assert.rejects(
      answersTo(exec, requests),
      (error) => error instanceof ConnectError && error.code === Code.Unknown && text.test(error.rawMessage),
    );
  });
}

test("a session whose caller says nothing at all ends as it is told", async () => {
  await using served = await serveInProcess(scriptedDriver({}));
  const answers = createClient(Driver, served.connection.transport).execTaskStreaming((async function* () {})());
  await assert.rejects(
    Array.fromAsync(answers),
    (error) => error instanceof ConnectError && error.rawMessage === "failed to receive initial message: EOF",
  );
});

test("cancelling a session aborts it in the driver, in the middle of output and input", async () => {
  const cancelled = Promise.withResolvers<void>();
  const inputEnded = Promise.withResolvers<void>();
  const exec: Exec = async function* (_taskId, _setup, input, callSignal) {
    void Array.fromAsync(input).then(() => inputEnded.resolve());
    void waitAborted(callSignal).then(cancelled.resolve);
    yield { kind: "stdout", data: Buffer.from("up") };
    await waitAborted(callSignal);
    callSignal.throwIfAborted();
  };
  await using served = await serveInProcess(scriptedDriver({ execTaskStreaming: exec }));
  const stop = new AbortController();
  const session = served.driver.execTaskStreaming("x", { command: ["sh"], tty: true }, endless(), stop.signal);
  const reading = Array.fromAsync(session, () => stop.abort(new Error("closed the terminal")));
  await assert.rejects(reading, { message: "closed the terminal" });
  await cancelled.promise;
  await inputEnded.promise;
});

async function* endless(): AsyncGenerator<ExecInput> {
  for (;;) {
    yield { kind: "stdin", data: Buffer.from("tick") };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("input that never ends does not keep a finished session", async () => {
  const inputEnded = Promise.withResolvers<void>();
  const exec: Exec = async function* (_taskId, _setup, input) {
    void Array.fromAsync(input).then(() => inputEnded.resolve());
    yield { kind: "exited", result: success };
  };
  await using served = await serveInProcess(scriptedDriver({ execTaskStreaming: exec }));
  const silent: AsyncIterable<ExecInput> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  assert.deepEqual(await Array.fromAsync(served.driver.execTaskStreaming("x", { command: ["sh"], tty: false }, silent, signal)), [
    { kind: "exited", result: success },
  ]);
  await inputEnded.promise;
});

test("both ends together pass any session on unchanged", async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
  const inputs: fc.Arbitrary<ExecInput[]> = fc.array(
    fc.oneof(
      bytes.map((data) => ({ kind: "stdin", data }) as const),
      fc.record({ height: fc.nat(500), width: fc.nat(500) }).map((size) => ({ kind: "resize", ...size }) as const),
      fc.constant({ kind: "stdin-close" } as const),
    ),
    { maxLength: 6 },
  );
  const updates: fc.Arbitrary<ExecUpdate[]> = fc.array(
    fc.record({ kind: fc.constantFrom("stdout", "stderr"), data: bytes }).map((update) => ({ ...update })),
    { maxLength: 6 },
  );
  let script: { readonly inputs: number; readonly updates: readonly ExecUpdate[] } = { inputs: 0, updates: [] };
  let seen: { setup: ExecSetup; input: ExecInput[] } | undefined;
  const exec: Exec = async function* (_taskId, given, input) {
    const taken: ExecInput[] = [];
    const iterator = input[Symbol.asyncIterator]();
    while (taken.length < script.inputs) {
      const step = await iterator.next();
      if (step.done === true) break;
      taken.push(step.value);
    }
    seen = { setup: given, input: taken };
    yield* script.updates;
    yield { kind: "exited", result: success };
  };
  await using served = await serveInProcess(scriptedDriver({ execTaskStreaming: exec }));
  const property = fc.asyncProperty(inputs, updates, fc.array(fc.string()), fc.boolean(), async (input, output, command, tty) => {
    script = { inputs: input.length, updates: output };
    const session = served.driver.execTaskStreaming(
      "x",
      { command, tty },
      (async function* () {
        yield* input;
      })(),
      signal,
    );
    const received = await Array.fromAsync(session);
    assert.deepEqual(seen, { setup: { command, tty }, input });
    assert.deepEqual(received.map(plain), [...output.map(plain), { kind: "exited", result: success }]);
  });
  await fc.assert(property, { numRuns: 50 });
});

function plain(update: ExecUpdate) {
  return update.kind === "exited" ? update : { kind: update.kind, hex: Buffer.from(update.data).toString("hex") };
}

test("twenty megabytes arrive unchanged, in pieces of at most 32 KiB, and a slow reader holds the process back", async () => {
  const total = 20 * 1024 * 1024;
  const sent = createHash("sha256");
  let produced = 0;
  const exec: Exec = async function* () {
    for (let block = 0; produced < total; block += 1) {
      const data = Buffer.alloc(256 * 1024, `block ${block} \u00e9 `);
      sent.update(data);
      produced += data.length;
      yield { kind: "stdout", data };
    }
    yield { kind: "exited", result: success };
  };
  await using served = await serveInProcess(scriptedDriver({ execTaskStreaming: exec }));
  const received = createHash("sha256");
  let taken = 0;
  let largest = 0;
  let ahead = 0;
  const nothing: AsyncIterable<ExecInput> = (async function* () {})();
  for await (const update of served.driver.execTaskStreaming("x", { command: ["cat"], tty: false }, nothing, signal)) {
    if (update.kind === "exited") break;
    received.update(update.data);
    taken += update.data.length;
    largest = Math.max(largest, update.data.length);
    ahead = Math.max(ahead, produced - taken);
    if (taken < 1024 * 1024) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(taken, total);
  assert.equal(received.digest("hex"), sent.digest("hex"));
  assert.ok(largest <= 32 * 1024, `${largest} bytes in one message`);
  assert.ok(ahead < 4 * 1024 * 1024, `${ahead} bytes waited between driver and reader`);
});
