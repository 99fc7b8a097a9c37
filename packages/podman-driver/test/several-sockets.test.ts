import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Fingerprint, HclValue } from "@driver/nomad-plugin";
import { DriverRig, FakePodman, requestEngine, startEngine, testSetting, until, type Engine } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);
const forever = "while :; do sleep 0.1; done";

/** The plugin on these services besides the test run's own one, which is the default, and what it last told of them. */
class SeveralSockets implements AsyncDisposable {
  readonly rig: DriverRig;
  last: Fingerprint | undefined;
  readonly #stop = new AbortController();

  private constructor(rig: DriverRig) {
    this.rig = rig;
    void this.#follow().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }

  static async start(others: Readonly<Record<string, string>>): Promise<SeveralSockets> {
    const all = { default: testSetting("TEST_PODMAN_SOCKET"), ...others };
    const socket: HclValue = Object.entries(all).map(([name, path]) => ({ name, socket_path: path }));
    return new SeveralSockets(await DriverRig.start({ pluginConfig: { socket_path: "", socket } }));
  }

  attribute(name: string): unknown {
    return this.last?.attributes[`driver.podman.${name}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.rig[Symbol.asyncDispose]();
  }

  async #follow(): Promise<void> {
    for await (const fingerprint of this.rig.driver.fingerprint(this.#stop.signal)) this.last = fingerprint;
  }
}

async function startSecondEngine(): Promise<Engine> {
  const engine = await startEngine({ folder: "/run/second-engine" }, soon());
  await engine.importBusybox(testSetting("TEST_IMAGE"));
  return engine;
}

// The plugin looks every 30 s by itself: what is told sooner was shown to it.
test("an engine that dies and comes back under load is told at once, and the other goes on", async () => {
  await using second = await startSecondEngine();
  await using sockets = await SeveralSockets.start({ second: `unix:${second.socketPath}` });
  const { rig } = sockets;
  await until(() => sockets.attribute("second.health") === "healthy");
  const resident = await rig.runScript(forever, { name: "resident", config: { socket: "second" } });
  const load = (async () => {
    for (let round = 0; round < 6; round++) {
      const task = await rig.runScript("echo done", { name: `load-${round}` });
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
    }
  })();
  for (let round = 0; round < 2; round++) {
    await second.killService();
    await until(() => sockets.attribute("second.health") === "unhealthy", 25_000);
    assert.deepEqual([sockets.last?.health, sockets.attribute("health")], ["healthy", "healthy"]);
    assert.match(String(sockets.attribute("second.healthDescription")), /^ping podman: .*second-engine\/podman\.sock/);
    await second.reviveService();
    await until(() => sockets.attribute("second.health") === "healthy", 25_000);
  }
  await load;
  const ended = rig.driver.waitTask(resident.config.id, soon());
  await rig.driver.stopTask(resident.config.id, { timeoutMs: 0, killSignal: "SIGKILL" }, soon());
  assert.equal((await ended).exitCode, 137);
});

async function listen(context: TestContext, server: Server, path: string): Promise<void> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => open.add(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  context.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
}

test("of twenty services each that is none says why, and the one that is works", async (context) => {
  const folder = mkdtempSync(join(testSetting("TEST_SCRATCH"), "sockets-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, `${name}.sock`);
  await listen(context, createServer((socket) => socket.resume()), at("silent"));
  await listen(context, createServer((socket) => socket.resume().end("220 mail.example ESMTP\r\n")), at("mail"));
  await listen(context, createHttpServer((_request, response) => response.end("OK")), at("web"));
  await listen(
    context,
    createHttpServer((_request, response) => response.writeHead(404, { server: "Docker/28.0 (linux)" }).end("page not found")),
    at("docker"),
  );
  writeFileSync(at("file"), "");
  const reasons: Readonly<Record<string, RegExp>> = {
    silent: /^no answer (?:yet|within 10 s)/,
    mail: /does not speak HTTP/,
    web: /no Libpod-Api-Version header \(status 200\)/,
    docker: /this is Docker \(Docker\/28\.0 \(linux\)\), not Podman/,
    file: /it is a file and no socket/,
    gone: /the socket does not exist/,
    lost: /\/nowhere does not exist/,
  };
  const missing = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`m${index}`, `unix://${at(`m${index}`)}`]));
  const named = Object.fromEntries(
    Object.keys(reasons).map((name) => [name, name === "lost" ? join(folder, "nowhere/podman.sock") : at(name)]),
  );
  await using sockets = await SeveralSockets.start({ ...missing, ...named });
  // Each is told of as soon as it is known, in any order.
  const isTold = (name: string): boolean => !/^(?:undefined|no answer yet)/.test(String(sockets.attribute(`${name}.healthDescription`)));
  const others = [...Object.keys(missing), ...Object.keys(reasons).filter((name) => name !== "silent")];
  await until(() => sockets.last?.health === "healthy" && others.every(isTold));
  for (const [name, reason] of Object.entries(reasons)) assert.match(String(sockets.attribute(`${name}.healthDescription`)), reason, name);
  for (const name of Object.keys(missing)) assert.equal(sockets.attribute(`${name}.health`), "unhealthy");
  const task = await sockets.rig.runScript("echo done");
  assert.equal((await sockets.rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  await assert.rejects(sockets.rig.runScript("echo done", { config: { socket: "docker" } }), /this is Docker/);
});

test("a service that comes back as another version is known as that", async () => {
  await using fake = await FakePodman.start();
  await using sockets = await SeveralSockets.start({ second: fake.socketPath });
  await until(() => sockets.attribute("second.version") === "4.3.1");
  await fake.vanish();
  fake.version = "5.4.2";
  await fake.resume();
  await until(() => sockets.attribute("second.version") === "5.4.2", 25_000);
});

interface HostInfo {
  readonly cgroupVersion: string;
  readonly ociRuntime: { readonly path: string };
  readonly remoteSocket: { readonly path: string };
  readonly security: Readonly<Record<"apparmorEnabled" | "capabilities" | "rootless" | "seccompEnabled" | "selinuxEnabled", unknown>>;
}

test("a Podman's attributes have the Go driver's names, and say what it says of itself", async () => {
  await using sockets = await SeveralSockets.start({ "my own": testSetting("TEST_PODMAN_SOCKET") });
  await until(() => sockets.attribute("my_own.health") === "healthy");
  const { text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method: "GET", path: "/info", signal: soon() });
  const { host, version } = JSON.parse(text) as { readonly host: HostInfo; readonly version: { readonly Version: string } };
  const expected = {
    health: "healthy",
    version: version.Version,
    appArmor: host.security.apparmorEnabled,
    capabilities: host.security.capabilities,
    cgroupVersion: host.cgroupVersion,
    rootless: host.security.rootless,
    seccompEnabled: host.security.seccompEnabled,
    selinuxEnabled: host.security.selinuxEnabled,
    ociRuntime: host.ociRuntime.path,
    socket: host.remoteSocket.path,
  };
  for (const [prefix, socketName, defaultPodman] of [["", "default", true], ["my_own.", "my own", false]] as const) {
    for (const [name, value] of Object.entries({ ...expected, socketName, defaultPodman })) {
      assert.equal(sockets.attribute(`${prefix}${name}`), value, `${prefix}${name}`);
    }
  }
  assert.equal(sockets.last?.attributes["driver.podman"], true);
});
