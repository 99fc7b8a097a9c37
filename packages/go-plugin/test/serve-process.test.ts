import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { parseLogLine } from "../src/index.ts";
import { callRaw, isSocketLeft, openSession, runPlugin } from "./plugin-run.ts";

const scratch = mkdtempSync(join(tmpdir(), "serve-process-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

function logLines(stderr: string) {
  return stderr.trim().split("\n").map(parseLogLine);
}

test("without the cookie the program says that it is a plugin and exits 1 with an empty stdout", async () => {
  for (const cookie of [undefined, "", "wrong"]) {
    await using run = runPlugin({ TEST_COOKIE: cookie });
    const end = await run.ended;
    assert.equal(end.code, 1);
    assert.equal(end.stdout, "");
    assert.match(end.stderr, /is a plugin/);
  }
});

test("the first and only output is the handshake line, whatever libraries print", async () => {
  await using run = runPlugin({ TEST_PRINTS: "1" });
  const socketPath = await run.socketPath();
  assert.equal(await run.handshake(), `1|2|unix|${socketPath}|grpc|`);
  run.signal("SIGTERM");
  const end = await run.ended;
  assert.equal(end.stdout, `1|2|unix|${socketPath}|grpc|\n`);
  const messages = logLines(end.stderr).map(({ level, message }) => ({ level, message }));
  assert.deepEqual(messages, [
    { level: "debug", message: "printed by a library" },
    { level: "debug", message: "Warning: deprecated by a library" },
  ]);
});

test("the socket accepts connections by the time the handshake is written, in a folder of mode 0700", async () => {
  await using run = runPlugin({ TMPDIR: scratch });
  const socketPath = await run.socketPath();
  const socket = connect(socketPath);
  await once(socket, "connect");
  socket.destroy();
  assert.equal(dirname(dirname(socketPath)), scratch);
  assert.equal(execFileSync("stat", ["-c", "%a", dirname(socketPath)], { encoding: "utf8" }).trim(), "700");
});

test("a seventh field appears only when the host asks for multiplexing", async () => {
  await using run = runPlugin({ PLUGIN_MULTIPLEX_GRPC: "true" });
  assert.match(await run.handshake(), /^1\|2\|unix\|[^|]+\|grpc\|\|false$/);
});

test("a host that demands mutual TLS is refused with a clear message", async () => {
  await using run = runPlugin({ PLUGIN_CLIENT_CERT: "-----BEGIN CERTIFICATE-----" });
  const end = await run.ended;
  assert.equal(end.code, 1);
  assert.equal(end.stdout, "");
  assert.match(logLines(end.stderr)[0]?.message ?? "", /PLUGIN_CLIENT_CERT .* mutual TLS/);
});

test("PLUGIN_UNIX_SOCKET_DIR goes before TMPDIR", async () => {
  const folder = join(scratch, "wanted");
  mkdirSync(folder);
  await using run = runPlugin({ PLUGIN_UNIX_SOCKET_DIR: folder, TMPDIR: scratch });
  assert.equal(dirname(dirname(await run.socketPath())), folder);
});

test("a TMPDIR too long for a socket, or not writable, gives way to /tmp with a warning", async () => {
  const long = join(scratch, "x".repeat(90));
  mkdirSync(long);
  for (const folder of [long, join(scratch, "not-there")]) {
    await using run = runPlugin({ TMPDIR: folder });
    assert.equal(dirname(dirname(await run.socketPath())), "/tmp");
    run.signal("SIGTERM");
    const warning = logLines((await run.ended).stderr)[0];
    assert.equal(warning?.level, "warn");
    assert.ok(warning.message.includes(folder), warning.message);
  }
});

test("SIGINT is ignored, SIGTERM ends the plugin and leaves no socket", async () => {
  await using run = runPlugin();
  const socketPath = await run.socketPath();
  run.signal("SIGINT");
  run.signal("SIGINT");
  const session = openSession(socketPath);
  const health = await callRaw(session, "/grpc.health.v1.Health/Check");
  assert.equal(health.trailers?.["grpc-status"], "0");
  run.signal("SIGTERM");
  const end = await run.ended;
  assert.equal(end.code, 0);
  assert.equal(isSocketLeft(socketPath), false);
  session.destroy();
});

// That it comes within the host's two seconds is shown where the plugin has a host: its kill ends with code 0.
test("Shutdown is answered before the plugin ends, with code 0 and with open streams", async () => {
  await using run = runPlugin();
  const socketPath = await run.socketPath();
  const session = openSession(socketPath);
  const open = ["/plugin.GRPCStdio/StreamStdio", "/grpc.health.v1.Health/Watch", "/plugin.GRPCBroker/StartStream"].map((path) =>
    callRaw(session, path).catch(() => {}),
  );
  const answer = await callRaw(session, "/plugin.GRPCController/Shutdown");
  assert.equal(answer.trailers?.["grpc-status"], "0");
  assert.deepEqual(answer.body, Buffer.alloc(5));
  const end = await run.ended;
  assert.equal(end.code, 0);
  assert.equal(isSocketLeft(socketPath), false);
  assert.equal(end.stderr, "");
  await Promise.all(open);
  session.destroy();
});

test("an idle plugin ends at once after Shutdown", async () => {
  const tookMs: number[] = [];
  // The best of many: the machine may be busy.
  for (let round = 0; round < 30 && Math.min(...tookMs) > 250; round += 1) {
    await using run = runPlugin();
    const session = openSession(await run.socketPath());
    await callRaw(session, "/plugin.GRPCController/Shutdown");
    const start = performance.now();
    assert.equal((await run.ended).code, 0);
    tookMs.push(performance.now() - start);
    session.destroy();
  }
  assert.ok(Math.min(...tookMs) < 250, `took ${tookMs.join(", ")} ms`);
});

test("several plugins run beside each other, and one that was killed is swept up by the next", async () => {
  await using first = runPlugin({ TMPDIR: scratch });
  await using killed = runPlugin({ TMPDIR: scratch });
  const [firstPath, killedPath] = await Promise.all([first.socketPath(), killed.socketPath()]);
  killed.signal("SIGKILL");
  await killed.ended;
  assert.equal(isSocketLeft(killedPath), true);
  const foreign = join(scratch, basename(dirname(killedPath)).replace(/-\d+-(\w{6})$/, "-1-$1"));
  mkdirSync(foreign);

  await using next = runPlugin({ TMPDIR: scratch });
  const nextPath = await next.socketPath();
  assert.equal(isSocketLeft(killedPath), false);
  assert.ok(existsSync(firstPath) && existsSync(nextPath));
  assert.ok(existsSync(foreign), "a folder from another pid namespace was removed");
});

test("a closed stdin changes nothing", async () => {
  await using run = runPlugin();
  const socketPath = await run.socketPath();
  run.closeStdin();
  const session = openSession(socketPath);
  assert.equal((await callRaw(session, "/grpc.health.v1.Health/Check")).trailers?.["grpc-status"], "0");
  session.destroy();
});

test("a plugin whose stderr nobody reads goes on serving without effort", async () => {
  await using run = runPlugin({ TEST_TALK_MS: "5" });
  const session = openSession(await run.socketPath());
  await once(run.stderr, "data");
  run.stderr.destroy();
  for (let call = 0; call < 100; call += 1) {
    assert.equal((await callRaw(session, "/grpc.health.v1.Health/Check")).trailers?.["grpc-status"], "0");
  }
  const ticksBefore = cpuTicks(run.pid);
  await callRaw(session, "/grpc.health.v1.Health/Check");
  assert.ok(cpuTicks(run.pid) - ticksBefore < 20);
  session.destroy();
});

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

test("a plugin whose handshake nobody can read exits 1", async () => {
  await using run = runPlugin();
  run.stdout.destroy();
  assert.equal((await run.ended).code, 1);
});

test("a plugin that no host calls exits 1 and says so", async () => {
  await using run = runPlugin({ TEST_CONNECT_TIMEOUT_MS: "200" });
  const socketPath = await run.socketPath();
  connect(socketPath).on("error", () => {});
  const end = await run.ended;
  assert.equal(end.code, 1);
  assert.match(logLines(end.stderr)[0]?.message ?? "", /no host called within 200 ms/);
  assert.equal(isSocketLeft(socketPath), false);
});

test("an error that nobody caught ends the plugin with one log line", async () => {
  await using run = runPlugin({ TEST_THROW_MS: "20" });
  const end = await run.ended;
  assert.equal(end.code, 1);
  const lines = logLines(end.stderr);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.level, "error");
  assert.match(lines[0]?.message ?? "", /nobody caught me/);
});
