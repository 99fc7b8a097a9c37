import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError, encodeMsgpack, type HclRecord, type HclValue, type OptionDoc } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, planOf, type Wishes } from "../../test/plan-of.ts";
import { resolveDriverConfig } from "../config/driver-config.ts";
import { pluginSchema } from "../config/plugin-schema.ts";
import { ownLabels } from "../topics/labels.ts";
import { taskSchema } from "./task-schema.ts";

type Samples = Readonly<Record<string, HclRecord>>;

const journal = { logging: { driver: "journald", options: [{ tag: "x" }] } };

const operatorLogin = { auth: { username: "u", password: "p", server_address: "r.example" } };

/** For each key of a task that takes effect, a config whose outcome it changes. */
const taskSamples: Samples = {
  image: { image: "docker.io/library/redis:7" },
  auth: { auth: { username: "u", password: "p" } },
  "auth.username": { auth: { username: "u", password: "p" } },
  "auth.password": { auth: { username: "u", password: "p" } },
  "auth.server_address": { auth: { username: "u", password: "p", server_address: "r.example" } },
  "auth.tls_verify": { auth: { tls_verify: false } },
  arch: { arch: "arm64" },
  os: { os: "linux" },
  variant: { variant: "v8" },
  load: { image: "redis:7", load: "redis.tar" },
  image_checksum: { image: "oci-archive:/x.tar", image_checksum: `sha256:${"0".repeat(64)}` },
  auth_soft_fail: { auth_soft_fail: true },
  image_pull_timeout: { image_pull_timeout: "90s" },
  image_pull_policy: { image_pull_policy: "newer" },
  force_pull: { force_pull: true },
  socket: { socket: "other" },
  command: { command: "sh" },
  args: { args: ["-c"] },
  entrypoint: { entrypoint: ["sh"] },
  working_dir: { working_dir: "/w" },
  work_dir: { work_dir: "/w" },
  hostname: { hostname: "h" },
  init: { init: true },
  init_path: { init: true, init_path: "/usr/libexec/podman/catatonit" },
  tty: { tty: true },
  interactive: { interactive: true },
  stop_signal: { stop_signal: "SIGINT" },
  stop_timeout: { stop_timeout: 3 },
  timezone: { timezone: "Europe/Paris" },
  umask: { umask: "0027" },
  labels: { labels: [{ app: "x" }] },
  log_files: { log_files: { max_files: 3 } },
  "log_files.max_files": { log_files: { max_files: 3 } },
  "log_files.max_file_size": { log_files: { max_file_size: "1m" } },
  logging: journal,
  "logging.driver": { logging: { driver: "none" } },
  "logging.options": journal,
  "logging.type": { logging: { type: "none" } },
  "logging.config": { logging: { type: "journald", config: [{ tag: "x" }] } },
  cpu_hard_limit: { cpu_hard_limit: true },
  cpu_cfs_period: { cpu_hard_limit: true, cpu_cfs_period: 50_000 },
  cpuset_mems: { cpuset_mems: "0" },
  blkio_weight: { blkio_weight: 200 },
  blkio_weight_device: { blkio_weight_device: ["/dev/sda:200"] },
  device_read_bps: { device_read_bps: ["/dev/sda:1m"] },
  device_write_bps: { device_write_bps: ["/dev/sda:1m"] },
  device_read_iops: { device_read_iops: ["/dev/sda:100"] },
  device_write_iops: { device_write_iops: ["/dev/sda:100"] },
  cgroup_conf: { cgroup_conf: [{ "memory.high": "64m" }] },
  memory_reservation: { memory_reservation: "32m" },
  memory_swap: { memory_swap: "64m" },
  memory_swappiness: { memory_swappiness: 0 },
  memory_hard_limit: { memory_hard_limit: 128 },
  cpuset_cpus: { cpuset_cpus: "0-1" },
  pids_limit: { pids_limit: 64 },
  oom_score_adj: { oom_score_adj: 500 },
  ulimit: { ulimit: [{ nofile: "1024" }] },
  sysctl: { sysctl: [{ "net.core.somaxconn": "64" }] },
  network_mode: { network_mode: "none" },
  ipv4_address: { ipv4_address: "10.88.0.9" },
  ipv6_address: { ipv6_address: "fd00::9" },
  static_ips: { static_ips: ["10.88.0.9"] },
  static_mac: { static_mac: "02:42:ac:11:00:02" },
  mac_address: { mac_address: "02:42:ac:11:00:02" },
  network_aliases: { network_aliases: ["db"] },
  networks: { networks: [{ name: "a" }] },
  "networks.name": { networks: [{ name: "a" }] },
  "networks.ipv4_address": { networks: [{ name: "a", ipv4_address: "10.88.0.9" }] },
  "networks.ipv6_address": { networks: [{ name: "a", ipv6_address: "fd00::9" }] },
  "networks.mac_address": { networks: [{ name: "a", mac_address: "02:42:ac:11:00:02" }] },
  "networks.aliases": { networks: [{ name: "a", aliases: ["db"] }] },
  "networks.interface_name": { networks: [{ name: "a", interface_name: "front0" }] },
  advertise: { networks: [{ name: "a" }, { name: "b" }], advertise: "b" },
  advertise_ipv6_address: { advertise_ipv6_address: true },
  ports: { ports: ["http"] },
  volumes: { volumes: ["local/x:/x"] },
  volume_driver: { volumes: ["x:/x"], volume_driver: "local" },
  ...mountSamples("mount"),
  ...mountSamples("mounts"),
  tmpfs: { tmpfs: ["/t"] },
  readonly_rootfs: { readonly_rootfs: true },
  read_only: { read_only: true },
  read_only_tmpfs: { readonly_rootfs: true, read_only_tmpfs: true },
  storage_opt: { storage_opt: { size: "64m" } },
  shm_size: { shm_size: "64m" },
  devices: { devices: ["/dev/fuse"] },
  port_map: { port_map: [{ http: 8080 }] },
  extra_hosts: { extra_hosts: ["db:192.0.2.10"] },
  dns_servers: { dns_servers: ["192.0.2.1"] },
  dns_search_domains: { dns_search_domains: ["example.test"] },
  dns_options: { dns_options: ["ndots:2"] },
  healthchecks: { healthchecks: { disable: true } },
  "healthchecks.disable": { healthchecks: { disable: true } },
  healthcheck: { healthcheck: { test: "true" } },
  "healthcheck.test": { healthcheck: { test: "true" } },
  "healthcheck.interval": { healthcheck: { test: "true", interval: "5s" } },
  "healthcheck.timeout": { healthcheck: { test: "true", timeout: "5s" } },
  "healthcheck.retries": { healthcheck: { test: "true", retries: 5 } },
  "healthcheck.start_period": { healthcheck: { test: "true", start_period: "5s" } },
  "healthcheck.on_failure": { healthcheck: { test: "true", on_failure: "kill" } },
  "healthcheck.startup": { healthcheck: { test: "true", startup: { test: "true" } } },
  "healthcheck.startup.test": { healthcheck: { test: "true", startup: { test: "true" } } },
  "healthcheck.startup.interval": { healthcheck: { test: "true", startup: { test: "true", interval: "5s" } } },
  "healthcheck.startup.timeout": { healthcheck: { test: "true", startup: { test: "true", timeout: "5s" } } },
  "healthcheck.startup.success": { healthcheck: { test: "true", startup: { test: "true", success: 2 } } },
  secrets: { secrets: [{ name: "db" }] },
  "secrets.name": { secrets: [{ name: "db" }] },
  "secrets.target": { secrets: [{ name: "db", target: "password" }] },
  "secrets.env": { secrets: [{ name: "db", env: "PASSWORD" }] },
  "secrets.uid": { secrets: [{ name: "db", uid: 100 }] },
  "secrets.gid": { secrets: [{ name: "db", gid: 100 }] },
  "secrets.mode": { secrets: [{ name: "db", mode: "0400" }] },
  privileged: { privileged: true },
  cap_add: { cap_add: ["NET_ADMIN"] },
  cap_drop: { cap_drop: ["MKNOD"] },
  userns: { userns: "auto" },
  userns_mode: { userns_mode: "auto" },
  uidmap: { userns: "private", uidmap: ["0:100000:65536"] },
  ipc_mode: { ipc_mode: "host" },
  pid_mode: { pid_mode: "host" },
  uts_mode: { uts_mode: "host" },
  cgroupns: { cgroupns: "private" },
  group_add: { group_add: ["1000"] },
  security_opt: { security_opt: ["no-new-privileges"] },
  selinux_opts: { selinux_opts: ["disable"] },
  apparmor_profile: { apparmor_profile: "unconfined" },
  runtime: { runtime: "runc" },
  oci_runtime: { oci_runtime: "runc" },
  annotations: { annotations: [{ a: "b" }] },
  gidmap: { userns: "private", gidmap: ["0:100000:65536"] },
};

/** A sample for each key of a mount block; what a volume is made of shows in the plan's needs. */
function mountSamples(block: "mount" | "mounts"): Samples {
  const made = { driver_config: { name: "local", options: [{ type: "tmpfs" }] } };
  const volume = (volumeOptions: HclRecord): HclRecord => ({ [block]: [{ source: "v", target: "/v", volume_options: volumeOptions }] });
  const tmpfs = { [block]: [{ type: "tmpfs", target: "/t", tmpfs_options: { size: 1_048_576, mode: 511 } }] };
  const bind = { [block]: [{ type: "bind", source: "local/x", target: "/x", readonly: true, options: ["noexec"], bind_options: { propagation: "rslave" } }] };
  return {
    [block]: bind,
    ...samplesOf(bind, ["type", "target", "source", "readonly", "options", "bind_options", "bind_options.propagation"]),
    ...samplesOf(tmpfs, ["tmpfs_options", "tmpfs_options.size", "tmpfs_options.mode"]),
    ...samplesOf(volume(made), ["volume_options", "volume_options.driver_config", "volume_options.driver_config.name", "volume_options.driver_config.options"]),
    ...samplesOf(volume({ subpath: "a/b" }), ["volume_options.subpath"]),
    ...samplesOf(volume({ no_copy: true, labels: [{ a: "b" }] }), ["volume_options.no_copy", "volume_options.labels"]),
  };

  function samplesOf(sample: HclRecord, keys: readonly string[]): Samples {
    return Object.fromEntries(keys.map((key) => [`${block}.${key}`, sample]));
  }
}

/** For each key of the plugin that takes effect, a config whose outcome it changes. */
const pluginSamples: Samples = {
  volumes: { volumes: { enabled: false } },
  "volumes.enabled": { volumes: { enabled: false } },
  "volumes.selinuxlabel": { volumes: { enabled: true, selinuxlabel: "z" } },
  "volumes.allowed_paths": { volumes: { enabled: true, allowed_paths: ["/srv"] } },
  allow_devices: { allow_devices: ["/dev/dri/*"] },
  device_cdi: { device_cdi: { NVIDIA_VISIBLE_DEVICES: "nvidia.com/gpu" } },
  auth: { auth: { config: "/auth.json" } },
  "auth.config": { auth: { config: "/auth.json" } },
  "auth.helper": { auth: { helper: "ecr-login" } },
  "auth.username": operatorLogin,
  "auth.password": operatorLogin,
  "auth.server_address": operatorLogin,
  image_pull_timeout: { image_pull_timeout: "1h" },
  pull_activity_timeout: { pull_activity_timeout: "1m" },
  infra_image: { infra_image: "registry.k8s.io/pause:3.9" },
  infra_image_pull_timeout: { infra_image_pull_timeout: "1m" },
  gc: { gc: { container: false } },
  "gc.container": { gc: { container: false } },
  "gc.image": { gc: { image: true } },
  "gc.image_delay": { gc: { image: true, image_delay: "1m" } },
  "gc.image_keep": { gc: { image: true, image_keep: ["*"] } },
  "gc.image_others": { gc: { image: true, image_others: true } },
  "gc.image_high_water": { gc: { image: true, image_high_water: 80 } },
  "gc.image_low_water": { gc: { image: true, image_high_water: 80, image_low_water: 10 } },
  "gc.image_dry_run": { gc: { image: true, image_dry_run: true } },
  "gc.dangling_containers": { gc: { dangling_containers: { enabled: false } } },
  "gc.dangling_containers.enabled": { gc: { dangling_containers: { enabled: false } } },
  "gc.dangling_containers.period": { gc: { dangling_containers: { period: "1m" } } },
  "gc.dangling_containers.creation_grace": { gc: { dangling_containers: { creation_grace: "1m" } } },
  "gc.dangling_containers.dry_run": { gc: { dangling_containers: { dry_run: true } } },
  recover_stopped: { recover_stopped: true },
  extra_labels: { extra_labels: ["job*"] },
  logging: { logging: { driver: "none" } },
  "logging.driver": { logging: { driver: "none" } },
  "logging.options": { logging: { driver: "journald", options: { tag: "x" } } },
  "logging.type": { logging: { type: "none" } },
  "logging.config": { logging: { type: "journald", config: { tag: "x" } } },
  networking: { networking: { default_rootless_mode: "pasta" } },
  "networking.default_rootless_mode": { networking: { default_rootless_mode: "pasta" } },
  socket: { socket: [{ name: "a", socket_path: "/run/a.sock" }] },
  "socket.name": { socket: [{ name: "a", socket_path: "/run/a.sock" }] },
  "socket.socket_path": { socket: [{ name: "a", socket_path: "/run/a.sock" }] },
  socket_path: { socket_path: "/run/a.sock" },
  disable_log_collection: { disable_log_collection: true },
  log_collection: { log_collection: "driver" },
  log_files: { log_files: { max_files: 3 } },
  "log_files.max_files": { log_files: { max_files: 3 } },
  "log_files.max_file_size": { log_files: { max_file_size: "1m" } },
  client_http_timeout: { client_http_timeout: "5s" },
  dns_servers: { dns_servers: ["192.0.2.1"] },
  policy: { policy: "strict" },
  allow_privileged: { allow_privileged: false },
  allow_unconfined: { allow_unconfined: false },
  allow_caps: { allow_caps: ["CHOWN"] },
  allow_runtimes: { allow_runtimes: ["crun"] },
  allow_image_urls: { allow_image_urls: ["https://mirror.example.com/*"] },
  allowed_modes: { allowed_modes: { pid: ["host"] } },
  "allowed_modes.pid": { allowed_modes: { pid: ["host"] } },
  "allowed_modes.ipc": { allowed_modes: { ipc: ["host"] } },
  "allowed_modes.userns": { allowed_modes: { userns: ["auto*"] } },
  "allowed_modes.uts": { allowed_modes: { uts: ["host"] } },
  "allowed_modes.network": { allowed_modes: { network: ["!host"] } },
  "allowed_modes.cgroup": { allowed_modes: { cgroup: ["private"] } },
  allowed_sockets: { allowed_sockets: ["rootless"] },
  pids_limit: { pids_limit: 512 },
};

/** A value, or a form of one, that a key which takes effect in part does not take. */
const beyondTask: Samples = {
  image: { image: "dir:/x" },
  "logging.driver": { logging: { driver: "syslog" } },
  "logging.options": { logging: { driver: "k8s-file", options: [{ "max-files": "2" }] } },
  "logging.type": { logging: { type: "syslog" } },
  "logging.config": { logging: { type: "json-file", config: [{ "max-files": "2" }] } },
};
const beyondPlugin: Samples = {
  "logging.driver": { logging: { driver: "syslog" } },
  "logging.options": { logging: { driver: "k8s-file", options: { "max-files": "2" } } },
  "logging.type": { logging: { type: "syslog" } },
  "logging.config": { logging: { type: "json-file", config: { "max-files": "2" } } },
};

const wishes: Readonly<Record<string, HclValue>> = {
  string: "x", any: "x", bool: true, number: 1, "list(string)": ["x"], "list(map(string))": [{ a: "x" }], "list(map(number))": [{ a: 1 }], "block of string": { a: "x" },
};

/** A config in which one key asks for something; of a block, the first key that can. */
function configWith(options: readonly OptionDoc[], { path, type }: OptionDoc): HclRecord {
  const inner = type === "block" ? options.find((option) => option.path.startsWith(`${path}.`) && option.type in wishes) : undefined;
  if (inner !== undefined) return configWith(options, inner);
  assert.ok(type in wishes, `no wish for the type ${type}`);
  const [root = path, ...keys] = path.split(".");
  return { [root]: keys.reduceRight<HclValue>((value, key) => ({ [key]: value }), wishes[type] ?? null) };
}

/** The same config without one key. */
function without(config: HclRecord, [key = "", ...inner]: readonly string[]): HclRecord {
  const { [key]: value, ...others } = config;
  if (inner.length === 0) return others;
  // A block that is one of a list has lost a key when all of its kind have.
  const strip = (one: HclValue): HclValue => without(one as HclRecord, inner);
  return { ...others, [key]: Array.isArray(value) ? value.map(strip) : strip(value ?? {}) };
}

const task = { resources: { ...plainTask().resources, ports: [{ label: "http", hostPort: 20_001, to: 80, hostIp: "" }] } };

/** All that follows from a task's config but its fingerprint, which changes with every key, and functions, which are made anew for each plan. */
function outcomeOfTask(config: HclRecord): unknown {
  const given: Wishes = { config, task, facts: { version: "5.4.2", cgroupVersion: "v2" } };
  const { spec, ...plan } = planOf(given);
  return { ...plan, explain: undefined, findShortfalls: plan.findShortfalls !== undefined, wanted: decodedOf(given).wanted, spec: { ...spec, labels: { ...spec.labels, [ownLabels.configHash]: "" } } };
}

function outcomeOfPlugin(config: HclRecord): unknown {
  return resolveDriverConfig({ msgpack: encodeMsgpack(config), apiVersion: "v0.1.0" }, 0);
}

/** A block without effect is refused as a whole. */
function refusedPath(options: readonly OptionDoc[], path: string): string {
  return options.find((option) => option.notYet && path.startsWith(`${option.path}.`))?.path ?? path;
}

/** A key that must be set cannot be left out: then the refusal is what differs. */
function orRefusal(outcome: () => unknown): unknown {
  try {
    return outcome();
  } catch (error) {
    if (error instanceof DriverError) return error.message;
    throw error;
  }
}

interface Walk {
  readonly options: readonly OptionDoc[];
  readonly samples: Samples;
  readonly beyond: Samples;
  outcomeOf(config: HclRecord): unknown;
}

/** One test for each key: it takes effect, or it is refused. */
function walk({ options, samples, beyond, outcomeOf }: Walk): void {
  const takesEffect = (path: string): void => {
    const sample = samples[path];
    assert.ok(sample !== undefined, `${path} has neither a sample nor notYet: what does it do?`);
    assert.notDeepEqual(outcomeOf(sample), orRefusal(() => outcomeOf(without(sample, path.split(".")))), `${path} changes nothing`);
  };
  const isRefused = (path: string, config: HclRecord): void =>
    assert.throws(() => outcomeOf(config), (error) => error instanceof DriverError && error.code === "unsupported" && error.message.includes(path));

  for (const option of options) {
    const { path, notYet, only } = option;
    if (notYet) test(`${path} is refused when it asks for something`, () => isRefused(refusedPath(options, path), configWith(options, option)));
    else test(`${path} takes effect`, () => takesEffect(path));
    if (only !== undefined) test(`${path} takes effect only as far as its documentation says`, () => isRefused(path, beyond[path] ?? assert.fail(`${path} has no sample beyond ${only}`)));
  }

  test("no sample is of a key that does not exist or takes no effect", () => {
    const known = new Set(options.filter(({ notYet }) => !notYet).map(({ path }) => path));
    assert.deepEqual([...Object.keys(samples), ...Object.keys(beyond)].filter((path) => !known.has(path)), []);
    assert.deepEqual(Object.keys(beyond).toSorted(), options.filter(({ only }) => only !== undefined).map(({ path }) => path).toSorted());
  });
}

describe("in a task's config", () => walk({ options: taskSchema.options, samples: taskSamples, beyond: beyondTask, outcomeOf: outcomeOfTask }));

describe("in the plugin's config", () => walk({ options: pluginSchema.options, samples: pluginSamples, beyond: beyondPlugin, outcomeOf: outcomeOfPlugin }));
