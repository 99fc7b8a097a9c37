import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { createClient } from "@connectrpc/connect";
import { GoPluginError, connectPlugin, launchPlugin } from "../src/index.ts";
import type { LaunchOptions, LogEntry } from "../src/index.ts";
import { Health } from "../src/gen/grpc/health/v1/health_pb.ts";
import { GRPCController } from "../src/gen/plugin/go_plugin_pb.ts";
import { isSocketLeft } from "./plugin-run.ts";
import { testHandshake } from "./test-handshake.ts";

const signal = AbortSignal.timeout(60_000);
const program = join(import.meta.dirname, "plugin-program.ts");

function launch(options: Partial<LaunchOptions> = {}) {
  return launchPlugin({ command: process.execPath, args: [program], handshake: testHandshake, onLog: () => {}, signal, ...options });
}

/** A plugin of a few lines of shell. */
function shell(script: string): Pick<LaunchOptions, "command" | "args"> {
  return { command: "/bin/sh", args: ["-c", script] };
}

function hasCode(code: string, message: RegExp) {
  return (error: unknown) => error instanceof GoPluginError && error.code === code && message.test(error.message);
}

test("a launched plugin answers, and kill ends it with code 0 and without a socket", async () => {
  const plugin = await launch();
  assert.equal((await createClient(Health, plugin.transport).check({ service: "plugin" })).status, 1);
  await Promise.all([plugin.kill(), plugin.kill()]);
  // One that takes longer than its host waits is killed by SIGKILL.
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  assert.ok(plugin.address.network === "unix" && !isSocketLeft(plugin.address.path));
});

test("the child sees the host's environment, the given one, and Nomad's variables last", async () => {
  const script = 'echo "$HOME $EXTRA ${GONE-unset} $TEST_COOKIE $PLUGIN_MIN_PORT $PLUGIN_MAX_PORT $PLUGIN_PROTOCOL_VERSIONS" >&2; exit 3';
  const entries: LogEntry[] = [];
  process.env["GONE"] = "inherited";
  const env = { EXTRA: "extra", GONE: undefined, TEST_COOKIE: "no", PLUGIN_PROTOCOL_VERSIONS: "7" };
  await assert.rejects(launch({ ...shell(script), env, onLog: (entry) => entries.push(entry) }), hasCode("launch-failed", /exit code 3/));
  delete process.env["GONE"];
  assert.deepEqual(
    entries.map(({ message }) => message),
    [`${process.env["HOME"]} extra unset 1234 10000 25000 2`],
  );
});

test("a program that does not exist is named", async () => {
  await assert.rejects(
    launch({ command: "/nonexistent/plugin" }),
    hasCode("launch-failed", /plugin \/nonexistent\/plugin cannot be started: .*ENOENT/),
  );
});

test("a program that ends before its handshake is reported with its exit", async () => {
  await assert.rejects(launch(shell("exit 1")), hasCode("launch-failed", /ended before its handshake: exit code 1/));
  await assert.rejects(launch(shell("kill -9 $$")), hasCode("launch-failed", /ended before its handshake: SIGKILL/));
});

test("a program that prints something else is refused with what it printed, and killed", async () => {
  // A launch that waited for its end would be ended by the test's own signal, with another error.
  await assert.rejects(launch(shell("echo hello world; exec sleep 600")), hasCode("handshake-invalid", /"hello world"/));
});

test("a handshake may come in pieces, but not without end", async () => {
  const plugin = await launch(shell("printf '1|2|unix|/nonexistent'; sleep 0.1; printf '/socket|grpc|\\nmore\\n'"));
  assert.deepEqual(plugin.address, { network: "unix", path: "/nonexistent/socket" });
  await plugin.exited;
  await assert.rejects(launch(shell("exec cat /dev/zero | tr '\\0' y")), hasCode("handshake-invalid", /"yyyy/));
});

test("a program that says nothing is killed at the start timeout", async () => {
  await assert.rejects(
    launch({ ...shell("exec sleep 600"), startTimeoutMs: 100 }),
    hasCode("launch-timeout", /no handshake on stdout within 100 ms/),
  );
});

test("an abort ends a launch with the signal's reason", async () => {
  const stop = new AbortController();
  const launching = launch({
    ...shell("echo up >&2; exec sleep 600"),
    signal: stop.signal,
    onLog: () => stop.abort(new Error("changed my mind")),
  });
  await assert.rejects(launching, { message: "changed my mind" });
});

test("a plugin that does not know Shutdown is killed after two seconds", async () => {
  const plugin = await launch(shell("echo '1|2|unix|/nonexistent/socket|grpc|'; exec sleep 600"));
  const start = performance.now();
  await plugin.kill();
  const took = performance.now() - start;
  assert.ok(took > 1_900, `took ${took} ms`);
  assert.deepEqual(await plugin.exited, { code: null, signal: "SIGKILL" });
});

test("exited waits for whoever still holds the plugin's output", async () => {
  const entries: LogEntry[] = [];
  const script = "echo '1|2|unix|/nonexistent/socket|grpc|'; (sleep 0.6; echo '[WARN] late' >&2) & exit 0";
  const plugin = await launch({ ...shell(script), onLog: (entry) => entries.push(entry) });
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
  assert.deepEqual(entries.map(({ message }) => message), ["[WARN] late"]);
});

test("a plugin that prints on after its handshake is not held up", async () => {
  const plugin = await launch(shell("echo '1|2|unix|/nonexistent/socket|grpc|'; head -c 1000000 /dev/zero; exit 0"));
  assert.deepEqual(await plugin.exited, { code: 0, signal: null });
});

test("log lines of any length arrive as entries", async () => {
  const entries: LogEntry[] = [];
  const script = `echo '{"@level":"info","@message":"hi","task":"web"}' >&2; head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1`;
  await assert.rejects(launch({ ...shell(script), onLog: (entry) => entries.push(entry) }), hasCode("launch-failed", /exit code 1/));
  assert.deepEqual(entries[0], { level: "info", message: "hi", fields: { task: "web" } });
  assert.deepEqual(
    entries.slice(1).map(({ level, message }) => [level, message.length]),
    [
      ["debug", 65_536],
      ["debug", 34_464],
    ],
  );
});

test("a plugin outlives a host that was killed, and its successor ends it", async () => {
  const host = spawn(process.execPath, [join(import.meta.dirname, "host-program.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(host.stdout.setEncoding("utf8"), "data");
  const { pid, path } = JSON.parse(line);
  host.kill("SIGKILL");
  await once(host, "exit");

  const successor = connectPlugin({ network: "unix", path });
  assert.equal((await createClient(Health, successor.transport).check({})).status, 1);
  await createClient(GRPCController, successor.transport).shutdown({});
  successor.close();
  await assertGone(pid);
  assert.equal(isSocketLeft(path), false);
});

/** Waits until a process that is not our child has ended. */
async function assertGone(pid: number): Promise<void> {
  for (;;) {
    try {
      const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0];
      if (state === "Z") return;
    } catch {
      return;
    }
    signal.throwIfAborted();
    await setImmediate();
  }
}

test("a second host can take over a plugin by its address", async () => {
  const plugin = await launch();
  const successor = connectPlugin(plugin.address);
  assert.equal((await createClient(Health, successor.transport).check({})).status, 1);
  successor.close();
  assert.equal((await createClient(Health, plugin.transport).check({})).status, 1);
  await plugin.kill();
  await assert.rejects(createClient(Health, plugin.transport).check({}));
});
