import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeConfig, encodeMsgpack, type ConfigBody, type HclRecord, type Spec } from "@driver/nomad-plugin";
import { taskSchema, type TaskOptions } from "../plan/task-schema.ts";
import { imageCleanUpDefaults } from "./image-clean-up-policy.ts";
import { pluginSchema, type PluginOptions } from "./plugin-schema.ts";

const position = { line: 1, column: 1 };

function bodyOf(attributes: HclRecord, blocks: readonly (readonly [string, ConfigBody])[] = []): ConfigBody {
  return {
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value, position })),
    blocks: blocks.map(([type, body]) => ({ type, labels: [], body, position })),
    position,
  };
}

const taskOf = (body: ConfigBody): TaskOptions => taskSchema.decode(encodeConfig(taskSchema.spec, body));
const pluginOf = (body: ConfigBody): PluginOptions => pluginSchema.decode(encodeConfig(pluginSchema.spec, body));
const task = (attributes: HclRecord): TaskOptions => taskOf(bodyOf({ image: "redis", ...attributes }));

/** Keys of the Go driver's task config with their types; ours must accept all of them. */
const goTaskKeys: Readonly<Record<string, string>> = {
  image: "string",
  command: "string",
  args: "list(string)",
  entrypoint: "any",
  working_dir: "string",
  hostname: "string",
  auth_soft_fail: "bool",
  image_pull_timeout: "string",
  force_pull: "bool",
  arch: "string",
  os: "string",
  variant: "string",
  socket: "string",
  labels: "list(map(string))",
  volumes: "list(string)",
  tmpfs: "list(string)",
  devices: "any",
  init: "bool",
  init_path: "string",
  tty: "bool",
  memory_reservation: "string",
  memory_swap: "string",
  memory_swappiness: "number",
  cpu_hard_limit: "bool",
  cpu_cfs_period: "number",
  pids_limit: "number",
  oom_score_adj: "number",
  ulimit: "list(map(string))",
  sysctl: "list(map(string))",
  shm_size: "string",
  ipc_mode: "string",
  userns: "string",
  privileged: "bool",
  cap_add: "list(string)",
  cap_drop: "list(string)",
  security_opt: "list(string)",
  selinux_opts: "list(string)",
  apparmor_profile: "string",
  readonly_rootfs: "bool",
  network_mode: "string",
  ipv4_address: "string",
  ipv6_address: "string",
  static_ips: "list(string)",
  static_mac: "string",
  extra_hosts: "list(string)",
  ports: "list(string)",
  port_map: "list(map(number))",
};

describe("the task schema", () => {
  const attributes: Readonly<Record<string, Spec>> = taskSchema.spec.kind === "object" ? taskSchema.spec.attributes : {};

  for (const [key, type] of Object.entries(goTaskKeys)) {
    test(`has ${key} as ${type}, required only if it is the image`, () => {
      const spec = attributes[key];
      const primary = spec?.kind === "default" ? spec.primary : spec;
      assert.deepEqual(primary, { kind: "attr", name: key, type, required: key === "image" });
    });
  }

  test("has auth and logging as optional blocks", () => {
    assert.equal(attributes["auth"]?.kind, "block");
    assert.equal(attributes["logging"]?.kind, "block");
  });

  test("explains every key", () => {
    for (const schema of [taskSchema, pluginSchema]) {
      for (const { path, help } of schema.options) assert.match(help, /^\S.*\.$/, path);
    }
  });

  test("decodes a job that sets only the image", () => {
    const options = task({});
    assert.equal(options.image, "redis");
    assert.equal(options.socket, "default");
    assert.equal(options.image_pull_timeout, undefined);
    assert.equal(options.auth, undefined);
    assert.deepEqual(options.labels, {});
  });

  test("tells a certificate check that the user wrote from one left out", () => {
    const auth = (attributes: HclRecord): TaskOptions["auth"] => taskOf(bodyOf({ image: "redis" }, [["auth", bodyOf(attributes)]])).auth;
    assert.equal(auth({ username: "u", password: "p" })?.tls_verify, undefined);
    assert.equal(auth({ tls_verify: false })?.tls_verify, false);
    assert.equal(auth({ tls_verify: true })?.tls_verify, true);
  });

  test("takes labels as block, repeated blocks, map and list", () => {
    const expected = { a: "1", b: "2" };
    assert.deepEqual(taskOf(bodyOf({ image: "redis" }, [["labels", bodyOf({ a: 1 })], ["labels", bodyOf({ b: 2 })]])).labels, expected);
    assert.deepEqual(task({ labels: expected }).labels, expected);
    assert.deepEqual(task({ labels: [{ a: "0", b: "2" }, { a: "1" }] }).labels, expected);
  });

  test("takes the entrypoint as string, list and null", () => {
    assert.equal(task({ entrypoint: "sh -c" }).entrypoint, "sh -c");
    assert.deepEqual(task({ entrypoint: ["sh", 1, ["nested"]] }).entrypoint, ["sh", 1, ["nested"]]);
    assert.equal(task({ entrypoint: null }).entrypoint, undefined);
  });

  test("keeps a negative score and refuses one that 16 bits do not hold", () => {
    assert.equal(task({ oom_score_adj: -500 }).oom_score_adj, -500);
    assert.throws(() => task({ oom_score_adj: 70000 }), /oom_score_adj: 70000/);
    assert.throws(() => task({ pids_limit: 0.1 }), /pids_limit: "0\.1"/);
    assert.throws(() => task({ cpu_cfs_period: -1 }), /cpu_cfs_period: -1/);
    assert.throws(() => task({ pids_limit: 2n ** 64n - 1n }), /pids_limit: "18446744073709551615"/);
  });

  test("keeps the password out of the plain value", () => {
    const options = taskOf(bodyOf({ image: "redis" }, [["auth", bodyOf({ username: "u", password: "geheim" })]]));
    assert.equal(options.auth?.password, "geheim");
    assert.deepEqual(taskSchema.toValue(options)["auth"], { username: "u", server_address: null, email: null, tls_verify: null });
  });
});

describe("the plugin schema", () => {
  test("gives every default to an empty block and to no bytes", () => {
    const expected = { volumes: true, gc: true, mode: "nomad", driver: "nomad", timeout: "60s", sockets: 0, rootless: undefined };
    for (const options of [pluginOf(bodyOf({})), pluginSchema.decode(new Uint8Array()), pluginSchema.decode(encodeMsgpack({}))]) {
      assert.deepEqual(
        {
          volumes: options.volumes.enabled, gc: options.gc.container, mode: options.log_collection, driver: options.logging.driver,
          timeout: options.client_http_timeout, sockets: options.socket.length, rootless: options.networking.default_rootless_mode,
        },
        expected,
      );
    }
  });

  test("decodes a full block", () => {
    const options = pluginOf(
      bodyOf(
        {
          recover_stopped: true,
          extra_labels: ["task*"],
          disable_log_collection: true,
          client_http_timeout: "30s",
          dns_servers: ["1.1.1.1"],
          log_collection: "driver",
        },
        [
          ["auth", bodyOf({ config: "/etc/auth.json", helper: "pass" })],
          ["volumes", bodyOf({ selinuxlabel: "z" })],
          ["gc", bodyOf({ container: false })],
          ["logging", bodyOf({ driver: "journald" }, [["options", bodyOf({ tag: "x" })]])],
          ["networking", bodyOf({ default_rootless_mode: "pasta" })],
          ["socket", bodyOf({ name: "a", socket_path: "unix:///a" })],
          ["socket", bodyOf({ socket_path: "unix:///b" })],
        ],
      ),
    );
    assert.deepEqual(options, {
      auth: { config: "/etc/auth.json", helper: "pass", username: undefined, password: undefined, server_address: undefined },
      image_pull_timeout: "5m",
      pull_activity_timeout: "3m",
      infra_image: undefined,
      infra_image_pull_timeout: "5m",
      volumes: { enabled: true, selinuxlabel: "z", allowed_paths: [] },
      allow_devices: [],
      device_cdi: {},
      gc: {
        container: false,
        ...imageCleanUpDefaults,
        image_high_water: undefined,
        image_low_water: undefined,
        dangling_containers: { enabled: true, period: "5m", creation_grace: "5m", dry_run: false },
      },
      recover_stopped: true,
      group_network: "nomad",
      extra_labels: ["task*"],
      logging: { driver: "journald", options: { tag: "x" }, type: undefined, config: {} },
      networking: { default_rootless_mode: "pasta" },
      socket: [
        { name: "a", socket_path: "unix:///a", host_user: undefined, tls: undefined },
        { name: undefined, socket_path: "unix:///b", host_user: undefined, tls: undefined },
      ],
      socket_path: undefined,
      endpoint: undefined,
      tls: undefined,
      disable_log_collection: true,
      log_collection: "driver",
      log_files: { max_files: 10, max_file_size: "10m" },
      open_allocation_path: false,
      client_http_timeout: "30s",
      dns_servers: ["1.1.1.1"],
      policy: "open",
      allow_privileged: undefined,
      allow_unconfined: undefined,
      allow_caps: [],
      allow_runtimes: [],
      allow_image_urls: [],
      allowed_modes: undefined,
      allowed_sockets: [],
      pids_limit: undefined,
      allow_swap: true,
      container_exists_attempts: undefined,
      nvidia_runtime: undefined,
      oom_score_adj: undefined,
      windows_allow_insecure_container_admin: undefined,
    });
  });

  test("refuses a log mode that does not exist", () => {
    assert.throws(() => pluginOf(bodyOf({ log_collection: "syslog" })), /log_collection: "syslog" must be one of "nomad", "driver", "off"/);
  });
});
