import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMsgpack, type DriverError, type HclValue } from "@driver/nomad-plugin";
import { resolveDriverConfig, type DriverConfig } from "./driver-config.ts";

const resolve = (config: Readonly<Record<string, HclValue>>): DriverConfig =>
  resolveDriverConfig({ msgpack: encodeMsgpack(config), apiVersion: "" }, { uid: 0, findUser: () => undefined });

test("has a default for everything", () => {
  const config = resolveDriverConfig({ msgpack: new Uint8Array(), apiVersion: "" }, { uid: 0, findUser: () => undefined });
  assert.deepEqual(config.sockets, [{ name: "default", path: "/run/podman/podman.sock", isDefault: true }]);
  assert.deepEqual([config.callTimeoutMs, config.removesContainers, config.warnings], [60_000, true, []]);
  assert.deepEqual(config.compute, { totalComputeMhz: 0, coreCount: 0 });
  assert.deepEqual([config.settings.extraLabels, config.settings.dnsServers, config.settings.defaultRootlessMode], [[], [], ""]);
  assert.ok(config.settings.hostCpuCount >= 1);
});

test("looks for the socket of its own user", () => {
  const config = resolveDriverConfig({ msgpack: new Uint8Array(), apiVersion: "" }, { uid: 1000, findUser: () => undefined });
  assert.equal(config.sockets[0]?.path, "/run/user/1000/podman/podman.sock");
});

const timeouts: Readonly<Record<string, number>> = {
  "90s": 90_000,
  "1ms": 1,
  "0": 2_147_483_647,
  "0s": 2_147_483_647,
  "1000h": 2_147_483_647,
};
for (const [text, timeoutMs] of Object.entries(timeouts)) {
  test(`waits ${timeoutMs} ms for an answer with client_http_timeout ${text}`, () =>
    assert.equal(resolve({ client_http_timeout: text }).callTimeoutMs, timeoutMs));
}

test("carries the operator's wishes", () => {
  const config = resolve({
    gc: { container: false },
    extra_labels: ["job*"],
    dns_servers: ["192.0.2.1"],
    networking: { default_rootless_mode: "pasta" },
    volumes: { enabled: true, selinuxlabel: "Z" },
  });
  assert.equal(config.removesContainers, false);
  const { extraLabels, dnsServers, defaultRootlessMode, selinuxLabel } = config.settings;
  assert.deepEqual([extraLabels, dnsServers, defaultRootlessMode, selinuxLabel], [["job*"], ["192.0.2.1"], "pasta", "Z"]);
});

test("takes the node's compute from Nomad", () => {
  const client = { minPort: 1, maxPort: 2, topology: { coreCount: 4, totalComputeMhz: 8000 } };
  assert.deepEqual(
    resolveDriverConfig({ msgpack: new Uint8Array(), apiVersion: "", client }, { uid: 0, findUser: () => undefined }).compute,
    { coreCount: 4, totalComputeMhz: 8000 },
  );
});

test("says which keys of Docker's have no effect here, and why", () => {
  const { warnings } = resolve({ nvidia_runtime: "nvidia", container_exists_attempts: 5, oom_score_adj: 0 });
  assert.deepEqual(warnings.map(({ message }) => message), [
    "config key container_exists_attempts is not used: a name that is in use is waited for, or its holder named, without it",
    "config key nvidia_runtime is not used: device_cdi gives tasks what NVIDIA's device plugin assigns, with every runtime",
  ]);
});

test("says which socket it leaves out", () => {
  const config = resolve({ socket: [{ name: "a", socket_path: "/run/a" }, { name: "a", socket_path: "/run/b" }] });
  assert.equal(config.sockets.length, 1);
  assert.match(config.warnings[0]?.message ?? "", /socket "a" at \/run\/b is ignored/);
});

test("refuses values that make no sense", () => {
  assert.throws(() => resolve({ client_http_timeout: "soon" }), {
    code: "config-invalid",
    message: /client_http_timeout: "soon" is not a duration/,
  });
  assert.throws(() => resolve({ socket_path: "tcp://host:1" }), { code: "config-invalid", message: /needs TLS: over plain TCP/ });
});

test("tells all mistakes at once", () => {
  const config = {
    auth: { config: "auth.json", username: "u" },
    allow_caps: ["NOPE", "NET_ADMIN"],
    device_cdi: { A_DEVICE: "gpu" },
    dns_servers: ["192.0.2.1", "dns.example"],
    client_http_timeout: "soon",
    infra_image: "Pause:3",
    gc: { dangling_containers: { period: "0" }, image_delay: "never" },
    log_files: { max_files: 0, max_file_size: "1k" },
    pull_activity_timeout: "-1s",
    socket: [{ name: "a", socket_path: "run/a" }, { name: "b", host_user: "nobody-here" }],
    volumes: { enabled: false, allowed_paths: ["srv"], selinuxlabel: "y" },
  };
  assert.throws(() => resolve(config), ({ code, message }: DriverError) => {
    assert.equal(code, "config-invalid");
    const keys = [...message.matchAll(/\(\d+\) config key ([^\s:]+): [^;]+; [^;]+?(?= \(\d+\)|$)/g)].map(([, key]) => key);
    assert.deepEqual(keys.toSorted(), [
      "allow_caps", "auth.config", "auth.password", "auth.server_address", "client_http_timeout", "device_cdi.A_DEVICE",
      "dns_servers[1]", "gc.dangling_containers.period", "gc.image_delay", "infra_image", "log_files.max_file_size", "log_files.max_files",
      "pull_activity_timeout", "socket[0].socket_path", "socket[1].host_user", "volumes.allowed_paths[0]", "volumes.enabled",
      "volumes.selinuxlabel",
    ]);
    return true;
  });
});

test("tells all values of a wrong type at once", () => {
  assert.throws(() => resolve({ extra_labels: 5, policy: "lax" }), /^DriverError: the config has 2 mistakes: .*policy.*extra_labels/);
});
