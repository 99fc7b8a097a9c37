import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ExecInput, Fingerprint, HclValue } from "@driver/nomad-plugin";
import { DriverRig, RecordedEvents, TlsFront, until, type TaskWishes } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);
const forever = "while :; do sleep 0.1; done";

/** What a task of a Podman on another host has to ask for: its output could not be read there. */
function withoutOutput(wishes: TaskWishes = {}): TaskWishes {
  return { ...wishes, config: { logging: { driver: "none" }, ...wishes.config } };
}

const tlsOf = ({ folder }: TlsFront, more: Readonly<Record<string, string>> = {}): HclValue => ({
  ca: join(folder, "ca.crt"),
  cert: join(folder, "client.crt"),
  key: join(folder, "client.key"),
  ...more,
});

/** The plugin with this service as its only one; here the two hosts are one, so that the allocation's folders are on both. */
const startRig = (front: TlsFront, tls: HclValue = tlsOf(front)): Promise<DriverRig> =>
  DriverRig.start({ pluginConfig: { socket_path: "", socket: [{ name: "far", socket_path: `tcp://127.0.0.1:${front.port}`, tls }] } });

async function firstHealth(rig: DriverRig): Promise<Fingerprint> {
  for await (const fingerprint of rig.driver.fingerprint(soon())) return fingerprint;
  return assert.fail("no fingerprint");
}

test("a Podman on another host runs a task, looks into it, measures it and ends it", async () => {
  await using front = await TlsFront.start();
  await using rig = await startRig(front);
  await using events = new RecordedEvents(rig.driver);
  assert.equal((await firstHealth(rig)).health, "healthy");
  const script = `trap 'echo bye >/alloc/said; exit 9' TERM; ${forever}`;
  const task = await rig.runScript(script, withoutOutput());
  const { id, allocDir } = task.config;
  await until(() => events.messages.some((text) => text.includes("this task's Podman is on another host")));
  const command = ["sh", "-c", "echo inside; cat; exit 4"];
  const { stdout, result } = await rig.driver.execTask(id, { command, timeoutMs: 60_000 }, soon());
  assert.deepEqual([Buffer.from(stdout).toString(), result.exitCode], ["inside\n", 4]);
  await assert.rejects(rig.driver.execTask(id, { command: ["sleep", "4321"], timeoutMs: 3000 }, soon()), /has not finished within 3000 ms/);
  await until(() => /could not be killed and may go on.*tcp:\/\/127\.0\.0\.1:\d+ is on another host/.test(rig.log));
  for await (const { memory } of rig.driver.taskStats(id, { intervalMs: 1000 }, soon())) if ((memory.usageBytes ?? 0) > 0) break;
  const ended = rig.driver.waitTask(id, soon());
  await rig.driver.stopTask(id, { timeoutMs: 60_000, killSignal: "" }, soon());
  assert.equal((await ended).exitCode, 9);
  assert.equal(await readFile(join(allocDir, "alloc/said"), "utf8"), "bye\n");
});

test("what goes into a command of a task on another host ends there, and all that it writes comes back", async () => {
  await using front = await TlsFront.start();
  await using rig = await startRig(front);
  const { config: { id } } = await rig.runScript(forever, withoutOutput());
  const blocks = Array.from({ length: 32 }, () => Buffer.alloc(64 * 1024, "abcdefg\n"));
  async function* feed(): AsyncGenerator<ExecInput> {
    for (const data of blocks) yield { kind: "stdin", data };
    yield { kind: "stdin-close" };
  }
  const written: Uint8Array[] = [];
  let exitCode: number | undefined;
  for await (const update of rig.driver.execTaskStreaming(id, { command: ["sh", "-c", "cat; exit 6"], tty: false }, feed(), soon())) {
    if (update.kind === "stdout") written.push(update.data);
    if (update.kind === "exited") exitCode = update.result.exitCode;
  }
  assert.ok(Buffer.concat(written).equals(Buffer.concat(blocks)));
  assert.equal(exitCode, 6);
});

test("a task on another host is taken over after a crash of the plugin, and its end is told", async () => {
  await using front = await TlsFront.start();
  await using rig = await startRig(front);
  const task = await rig.runScript(`trap 'exit 21' TERM; ${forever}`, withoutOutput());
  await rig.crash();
  await rig.recover(task);
  const ended = rig.driver.waitTask(task.config.id, soon());
  await rig.driver.stopTask(task.config.id, { timeoutMs: 60_000, killSignal: "" }, soon());
  assert.equal((await ended).exitCode, 21);
});

test("output that would be in a file of the other host is refused, with what can be had", async () => {
  await using front = await TlsFront.start();
  await using rig = await startRig(front);
  await assert.rejects(rig.runScript("true"), /logging\.driver: keeps the output in a file of Podman's host.*driver = "journald"/);
});

test("a service on another host that dies and comes back is told, and its tasks run on", async () => {
  await using front = await TlsFront.start();
  await using rig = await startRig(front);
  let last: Fingerprint | undefined;
  const stop = new AbortController();
  const following = (async () => {
    for await (const fingerprint of rig.driver.fingerprint(stop.signal)) last = fingerprint;
  })().catch(() => undefined);
  await until(() => last?.health === "healthy", 60_000);
  const task = await rig.runScript("while [ ! -e /alloc/go ]; do sleep 0.05; done; exit 5", withoutOutput());
  await front.refuse();
  await until(() => last?.health === "unhealthy", 60_000);
  assert.match(last?.healthDescription ?? "", /cannot reach podman at tcp:\/\/127\.0\.0\.1:\d+: nothing listens/);
  await cp("/dev/null", join(task.config.allocDir, "alloc/go"));
  await front.listen();
  await until(() => last?.health === "healthy", 60_000);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 5);
  stop.abort();
  await following;
});

test("each way in which TLS can fail is told", async () => {
  await using front = await TlsFront.start();
  await using other = await TlsFront.start();
  const table: readonly (readonly [HclValue, RegExp])[] = [
    // The service breaks the connection, and its reason may be lost with it.
    [
      { ca: join(front.folder, "ca.crt") },
      /far: ping podman: .*: it (?:refuses|closed the connection) .*client certificate.*: it was shown none; set cert and key/,
    ],
    [
      tlsOf(front, { cert: join(other.folder, "client.crt"), key: join(other.folder, "client.key") }),
      /: it (?:refuses|closed the connection) .*client certificate.*: it was shown \S+\/client\.crt, which must be valid and signed by/,
    ],
    [tlsOf(front, { ca: join(other.folder, "ca.crt") }), /no trust by TLS: .*certificate/],
    [tlsOf(front, { key: join(front.folder, "nowhere.key") }), /a file for TLS cannot be read: ENOENT.*nowhere\.key/],
  ];
  for (const [tls, reason] of table) {
    await using rig = await startRig(front, tls);
    const { health, healthDescription } = await firstHealth(rig);
    assert.equal(health, "undetected");
    assert.match(healthDescription, reason);
  }
});
