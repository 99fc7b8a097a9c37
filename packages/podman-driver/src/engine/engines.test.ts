import assert from "node:assert/strict";
import { test } from "node:test";
import { FakePodman, RecordedLog, until } from "@driver/testing";
import { Engines, type EnginesConfig } from "./engines.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const makeHosts = (config: EnginesConfig): Engines => new Engines(config, new RecordedLog().logger);
const sockets = [
  { name: "app", path: "/run/app.sock", isDefault: false },
  { name: "main", path: "/run/main.sock", isDefault: true },
];

test("finds a service by name, and the default one by no name or by default", () => {
  const engines = makeHosts({ sockets, callTimeoutMs: 20_000 });
  assert.deepEqual(
    ["app", "main", "", "default"].map((name) => engines.resolve(name).engine.socketPath),
    ["/run/app.sock", "/run/main.sock", "/run/main.sock", "/run/main.sock"],
  );
  assert.throws(() => engines.resolve("db"), {
    code: "config-invalid",
    message: /"db" is no socket of this client's plugin config; there are: app, main/,
  });
  engines.close();
});

test("asks a service what it can do once, and looks at less of it from then on", async () => {
  await using fake = await FakePodman.start();
  const engines = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 20_000 });
  const { engine } = engines.resolve("");
  assert.deepEqual(await engine.facts(soon()), {
    version: "4.3.1",
    rootless: false,
    cgroupVersion: "v1",
    cgroupManager: "cgroupfs",
    cgroupControllers: [],
    defaultCapabilities: ["KILL"],
    ociRuntime: "runc",
    selinuxEnabled: false,
    apparmorEnabled: false,
    hasSystemd: true,
    architecture: "amd64",
    downloadFolder: "",
    graphRoot: "/fake",
    isRemote: false,
  });
  await engine.facts(soon());
  assert.deepEqual(fake.seen, ["GET /_ping", "GET /info"]);
  assert.equal((await engine.probe(soon())).version, "4.3.1");
  assert.deepEqual(fake.seen.slice(2), ["GET /_ping", "GET /containers/.nomad-driver-podman-probe/json"]);
  engines.close();
});

test("remembers no facts from a look that failed", async () => {
  await using fake = await FakePodman.start();
  const engines = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 20_000 });
  const rule = fake.fault(/info/, { kind: "empty-body" });
  await assert.rejects(engines.resolve("").engine.facts(soon()), { code: "bad-answer" });
  rule.clear();
  assert.equal((await engines.resolve("").engine.facts(soon())).version, "4.3.1");
  engines.close();
});

test("asks nothing for a caller who has left already", async () => {
  await using fake = await FakePodman.start();
  fake.fault(/./, { kind: "cut-before" });
  const engines = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 20_000 });
  await assert.rejects(engines.resolve("").engine.facts(AbortSignal.abort(new Error("has left"))), /has left/);
  // Time for a failure that nobody waits for, which would end the process.
  await assert.rejects(engines.resolve("").engine.probe(soon()));
  assert.equal(fake.seen.length, 1);
  engines.close();
});

test("asks again what a service can do after a look that failed", async () => {
  await using fake = await FakePodman.start();
  const engines = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 20_000 });
  const { engine } = engines.resolve("");
  await engine.probe(soon());
  const rule = fake.fault(/containers/, { kind: "empty-body" });
  await assert.rejects(engine.probe(soon()), { code: "engine-error" });
  rule.clear();
  await engine.probe(soon());
  assert.deepEqual(fake.seen.slice(-2), ["GET /_ping", "GET /info"]);
  engines.close();
});

test("asks nothing of a socket that is not its user's", async () => {
  await using fake = await FakePodman.start();
  const owner = process.getuid?.() ?? 0;
  const of = (ownerId: number): EnginesConfig => ({
    sockets: [{ name: "default", path: fake.socketPath, ownerId, isDefault: true }],
    callTimeoutMs: 20_000,
  });
  const engines = makeHosts(of(owner + 1));
  await assert.rejects(engines.resolve("").engine.facts(soon()), {
    message: `the socket ${fake.socketPath} belongs to user ${owner}, and host_user names user ${owner + 1}`,
  });
  assert.deepEqual(fake.seen, []);
  const next = engines.replaceBy(of(owner));
  assert.equal((await next.resolve("").engine.facts(soon())).version, "4.3.1");
  next.close();
});

test("keeps what is known of a service that stays the same under another config", async () => {
  await using fake = await FakePodman.start();
  const config = { sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 20_000 };
  const engines = makeHosts(config);
  await engines.resolve("").engine.facts(soon());
  const next = engines.replaceBy({ ...config, sockets: [...config.sockets, { name: "app", path: "/run/app.sock", isDefault: false }] });
  assert.equal(next.resolve("").engine, engines.resolve("").engine);
  await next.resolve("").engine.facts(soon());
  assert.deepEqual(fake.seen, ["GET /_ping", "GET /info"]);
  next.close();
});

test("goes on with a service under another name and with other time-outs, and has it once under two names", async () => {
  await using fake = await FakePodman.start();
  const toConfig = (callTimeoutMs: number, ...names: readonly string[]): EnginesConfig => ({
    sockets: names.map((name, index) => ({ name, path: fake.socketPath, isDefault: index === 0 })),
    callTimeoutMs,
  });
  const engines = makeHosts(toConfig(20_000, "main"));
  const { engine } = engines.resolve("");
  await engine.facts(soon());
  fake.fault(/events/, { kind: "hang" });
  const unsubscribe = engine.events.subscribe("c1", () => undefined);
  await until(() => fake.seen.some((endpoint) => /events/.test(endpoint)));
  const pulling = Promise.withResolvers<string>();
  const pull = engine.pulls.join("busybox", () => pulling.promise, () => undefined, soon());
  const next = engines.replaceBy(toConfig(50, "app", "db"));
  assert.deepEqual(next.named.map(({ name, isDefault }) => [name, isDefault]), [["app", true], ["db", false]]);
  for (const name of ["app", "db"]) assert.equal(next.resolve(name).engine, engine);
  assert.deepEqual(next.all, [engine]);
  await engine.facts(soon());
  const other = next.resolve("db").engine;
  const unsubscribeOther = other.events.subscribe("c2", () => undefined);
  const joined = other.pulls.join("busybox", () => assert.fail("it is pulled already"), () => undefined, soon());
  pulling.resolve("id");
  assert.deepEqual(await Promise.all([pull, joined]), ["id", "id"]);
  assert.deepEqual(fake.seen.map((endpoint) => endpoint.split("?")[0]), ["GET /_ping", "GET /info", "GET /events"]);
  fake.fault(/ping/, { kind: "hang" });
  await assert.rejects(engine.probe(soon()), { code: "timeout" });
  unsubscribe();
  unsubscribeOther();
  next.close();
});

test("leaves a service that the config has no more to those who use it, and no connection when they have gone", async () => {
  await using fake = await FakePodman.start();
  const configOf = (path: string): EnginesConfig => ({ sockets: [{ name: "default", path, isDefault: true }], callTimeoutMs: 20_000 });
  let engines = makeHosts(configOf(fake.socketPath));
  await engines.resolve("").engine.probe(soon());
  const held = fake.fault(/info/, { kind: "hang" });
  const looks = [];
  for (let round = 1; round < 30; round += 1) {
    const asked = fake.seen.length;
    looks.push(engines.resolve("").engine.probe(soon()));
    await until(() => fake.seen.length > asked + 1);
    // The same socket under another path.
    engines = engines.replaceBy(configOf(`${"/".repeat(round % 2)}${fake.socketPath}`));
  }
  held.clear();
  for (const look of await Promise.all(looks)) assert.equal(look.version, "4.3.1");
  await until(async () => (await fake.countConnections()) === 0);
  await engines.resolve("").engine.probe(soon());
  assert.equal(await fake.countConnections(), 1);
  engines.close();
});
