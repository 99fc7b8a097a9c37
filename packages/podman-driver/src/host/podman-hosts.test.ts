import assert from "node:assert/strict";
import { test } from "node:test";
import { FakePodman } from "@driver/testing";
import { PodmanHosts } from "./podman-hosts.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const sockets = [
  { name: "app", path: "/run/app.sock", isDefault: false },
  { name: "main", path: "/run/main.sock", isDefault: true },
];

test("finds a service by name, and the default one by no name or by default", () => {
  const hosts = new PodmanHosts({ sockets, callTimeoutMs: 1000 });
  assert.deepEqual(["app", "main", "", "default"].map((name) => hosts.resolve(name).socketPath), ["/run/app.sock", "/run/main.sock", "/run/main.sock", "/run/main.sock"]);
  assert.throws(() => hosts.resolve("db"), { code: "config-invalid", message: /"db" is no socket of this client's plugin config; there are: app, main/ });
  hosts.close();
});

test("asks a service what it can do once, and looks at less of it from then on", async () => {
  await using fake = await FakePodman.start();
  const hosts = new PodmanHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  const host = hosts.resolve("");
  assert.deepEqual(await host.facts(soon()), { version: "4.3.1", rootless: false, cgroupVersion: "v1", cgroupManager: "cgroupfs", cgroupControllers: [] });
  await host.facts(soon());
  assert.deepEqual(fake.seen, ["GET /_ping", "GET /info"]);
  assert.equal((await host.probe(soon())).version, "4.3.1");
  assert.deepEqual(fake.seen.slice(2), ["GET /_ping", "GET /containers/.nomad-driver-podman-probe/json"]);
  hosts.close();
});

test("remembers no facts from a look that failed", async () => {
  await using fake = await FakePodman.start();
  const hosts = new PodmanHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  const rule = fake.fault(/info/, { kind: "empty-body" });
  await assert.rejects(hosts.resolve("").facts(soon()), { code: "bad-answer" });
  rule.clear();
  assert.equal((await hosts.resolve("").facts(soon())).version, "4.3.1");
  hosts.close();
});

test("asks again what a service can do after a look that failed", async () => {
  await using fake = await FakePodman.start();
  const hosts = new PodmanHosts({ sockets: [{ name: "default", path: fake.socketPath, isDefault: true }], callTimeoutMs: 1000 });
  const host = hosts.resolve("");
  await host.probe(soon());
  const rule = fake.fault(/containers/, { kind: "empty-body" });
  await assert.rejects(host.probe(soon()), { code: "engine-error" });
  rule.clear();
  await host.probe(soon());
  assert.deepEqual(fake.seen.slice(-2), ["GET /_ping", "GET /info"]);
  hosts.close();
});
