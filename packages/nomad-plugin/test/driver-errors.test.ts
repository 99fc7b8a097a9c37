import { Code, ConnectError, createClient } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { DriverError, taskNotFound } from "../src/index.ts";
import { BasePlugin } from "../src/gen/base_pb.ts";
import { Driver } from "../src/gen/driver_pb.ts";
import { RecoverableErrorSchema } from "../src/gen/structs_pb.ts";
import { exampleTask } from "./example-launch.ts";
import { scriptedDriver } from "./scripted-driver.ts";
import { serveInProcess } from "./serve-in-process.ts";

const signal = AbortSignal.timeout(60_000);

/** The status of a call that must fail. */
async function statusOf(call: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await call.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return error;
}

const thrown: readonly (readonly [title: string, error: unknown, text: string])[] = [
  ["an error", new Error("no such image: 100% gone"), "no such image: 100% gone"],
  ["a driver's error", new DriverError("failed", "pull image: denied\nby registry"), "pull image: denied\nby registry"],
  ["text in any language", new Error("Größe 📦 ungültig"), "Größe 📦 ungültig"],
  ["a lone surrogate", new Error("a\ud800b"), "a\ufffdb"],
  ["an error without text", new TypeError(""), "TypeError"],
  ["a thrown string", "just text", "just text"],
  ["a status that would mean a dead plugin", new ConnectError("engine unavailable", Code.Unavailable), "engine unavailable"],
];

for (const [title, error, text] of thrown) {
  test(`the agent sees ${title} as Unknown with its text`, async () => {
    await using served = await serveInProcess(
      scriptedDriver({
        async stopTask() {
          throw error;
        },
        async *fingerprint() {
          throw error;
        },
      }),
    );
    const client = createClient(Driver, served.connection.transport);
    const unary = await statusOf(client.stopTask({ taskId: "x" }));
    const stream = await statusOf(Array.fromAsync(client.fingerprint({})));
    for (const status of [unary, stream]) assert.deepEqual([status.code, status.rawMessage, status.details], [Code.Unknown, text, []]);
  });
}

test("an error text of a megabyte arrives shortened instead of breaking the connection", async () => {
  await using served = await serveInProcess(
    scriptedDriver({ stopTask: async () => Promise.reject(new DriverError("failed", "ü".repeat(1_000_000), { recoverable: true })) }),
  );
  await assert.rejects(
    served.driver.stopTask("x", { timeoutMs: 0, killSignal: "" }, signal),
    (error) => error instanceof DriverError && error.recoverable && /^ü{1000,}… \(shortened\)$/.test(error.message),
  );
  assert.equal((await served.driver.pluginInfo(signal)).name, "scripted");
});

test("a recoverable error carries the detail that makes Nomad try again", async () => {
  await using served = await serveInProcess(
    scriptedDriver({ startTask: async () => Promise.reject(new DriverError("failed", "registry größer", { recoverable: true })) }),
  );
  const status = await statusOf(createClient(Driver, served.connection.transport).startTask({ task: { id: "x" } }));
  assert.equal(status.code, Code.FailedPrecondition);
  assert.equal(status.rawMessage, "registry größer");
  const [detail] = status.details;
  assert.ok(detail !== undefined && "type" in detail);
  assert.deepEqual([detail.type, detail.value], ["hashicorp.nomad.plugins.shared.structs.RecoverableError", Uint8Array.of(8, 1)]);
  assert.equal(status.findDetails(RecoverableErrorSchema)[0]?.recoverable, true);
});

test("a driver's error comes back as it was, with code and recoverable", async () => {
  const errors = [
    taskNotFound("x"),
    new DriverError("config-invalid", "bad"),
    new DriverError("task-state", "running"),
    new DriverError("unsupported", "no"),
    new DriverError("failed", "later", { recoverable: true }),
  ];
  for (const error of errors) {
    await using served = await serveInProcess(scriptedDriver({ startTask: async () => Promise.reject(error) }));
    await assert.rejects(
      served.driver.startTask(exampleTask({ folder: tmpdir(), driverConfig: new Uint8Array(), env: {} }), signal),
      (back) =>
        back instanceof DriverError && back.code === error.code && back.message === error.message && back.recoverable === error.recoverable,
    );
  }
});

test("SetConfig errors carry the prefix that agents know", async () => {
  await using served = await serveInProcess(
    scriptedDriver({ setConfig: async () => Promise.reject(new DriverError("config-invalid", "socket: not a path")) }),
  );
  const status = await statusOf(createClient(BasePlugin, served.connection.transport).setConfig({}));
  assert.deepEqual([status.code, status.rawMessage], [Code.Unknown, "SetConfig failed: socket: not a path"]);
});
