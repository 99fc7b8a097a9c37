import assert from "node:assert/strict";
import { test } from "node:test";
import { FakePodman, RecordedLog, until } from "@driver/testing";
import { PodmanHosts, type HostsConfig } from "./podman-hosts.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const makeHosts = (config: HostsConfig): PodmanHosts => new PodmanHosts(config, new RecordedLog().logger);
const sockets = [
  { name: "app", path: "/run/app.sock", isDefault: false },
  { name: "main", path: "/run/main.sock", isDefault: true },
];

test("finds a service by name, and the default one by no name or by default", () => {
  const hosts = makeHosts({ sockets, callTimeoutMs: 1000 });
  assert.deepEqual(["app", "main", "", "default"].map((name) => hosts.resolve(name).socketPath), ["/run/app.sock", "/run/main.sock", "/run/main.sock", "/run/main.sock"]);
  assert.throws(() => hosts.resolve("db"), { code: "config-invalid", message: /"db" is no socket of this client's plugin config; there are: app, main/ });
  hosts.close();
});

test("asks a service what it can do once, and looks at less of it from then on", async () => {
  await using fake = await FakePodman.start();
  const hosts = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  const host = hosts.resolve("");
  assert.deepEqual(await host.facts(soon()), { version: "4.3.1", rootless: false, cgroupVersion: "v1", cgroupManager: "cgroupfs", cgroupControllers: [], defaultCapabilities: ["KILL"], ociRuntime: "runc", selinuxEnabled: false, apparmorEnabled: false, hasSystemd: true, architecture: "amd64", downloadFolder: "", graphRoot: "/fake" });
  await host.facts(soon());
  assert.deepEqual(fake.seen, ["GET /_ping", "GET /info"]);
  assert.equal((await host.probe(soon())).version, "4.3.1");
  assert.deepEqual(fake.seen.slice(2), ["GET /_ping", "GET /containers/.nomad-driver-podman-probe/json"]);
  hosts.close();
});

test("remembers no facts from a look that failed", async () => {
  await using fake = await FakePodman.start();
  const hosts = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  const rule = fake.fault(/info/, { kind: "empty-body" });
  await assert.rejects(hosts.resolve("").facts(soon()), { code: "bad-answer" });
  rule.clear();
  assert.equal((await hosts.resolve("").facts(soon())).version, "4.3.1");
  hosts.close();
});

test("asks nothing for a caller who has left already", async () => {
  await using fake = await FakePodman.start();
  fake.fault(/./, { kind: "cut-before" });
  const hosts = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  await assert.rejects(hosts.resolve("").facts(AbortSignal.abort(new Error("has left"))), /has left/);
  // Time for a failure that nobody waits for, which would end the process.
  await assert.rejects(hosts.resolve("").probe(soon()));
  assert.equal(fake.seen.length, 1);
  hosts.close();
});

test("asks again what a service can do after a look that failed", async () => {
  await using fake = await FakePodman.start();
  const hosts = makeHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  const host = hosts.resolve("");
  await host.probe(soon());
  const rule = fake.fault(/containers/, { kind: "empty-body" });
  await assert.rejects(host.probe(soon()), { code: "engine-error" });
  rule.clear();
  await host.probe(soon());
  assert.deepEqual(fake.seen.slice(-2), ["GET /_ping", "GET /info"]);
  hosts.close();
});

test("keeps what is known of a service that stays the same under another config", async () => {
  await using fake = await FakePodman.start();
  const config = { sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 };
  const hosts = makeHosts(config);
  await hosts.resolve("").facts(soon());
  const next = hosts.replaceBy({ ...config, sockets: [...config.sockets, { name: "app", path: "/run/app.sock", isDefault: false }] });
  assert.equal(next.resolve(""), hosts.resolve(""));
  await next.resolve("").facts(soon());
  assert.deepEqual(fake.seen, ["GET /_ping", "GET /info"]);
  next.close();
});

test("leaves a service that the config has no more to those who use it, and no connection when they have gone", async () => {
  await using fake = await FakePodman.start();
  const config = { sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 };
  let hosts = makeHosts(config);
  await hosts.resolve("").probe(soon());
  const held = fake.fault(/info/, { kind: "hang" });
  const looks = [];
  for (let callTimeoutMs = 1001; callTimeoutMs < 1030; callTimeoutMs += 1) {
    const asked = fake.seen.length;
    looks.push(hosts.resolve("").probe(soon()));
    await until(() => fake.seen.length > asked + 1);
    hosts = hosts.replaceBy({ ...config, callTimeoutMs });
  }
  held.clear();
  for (const look of await Promise.all(looks)) assert.equal(look.version, "4.3.1");
  await until(async () => (await fake.countConnections()) === 0);
  await hosts.resolve("").probe(soon());
  assert.equal(await fake.countConnections(), 1);
  hosts.close();
});
