import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PodmanClient, type ContainerSpec } from "@driver/libpod";
import { encodeGoMsgpack, encodeGoTime, type TaskHandle } from "@driver/nomad-plugin";
import { DriverRig, testSetting, type RiggedTask } from "@driver/testing";
import { inspectOf } from "./inspect-of.ts";
import { formerStateOf } from "./recorded-state.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

const script = "echo before; trap 'echo after; exit 24' TERM; while :; do sleep 0.05; done";

/** A handle as Nomad hands it back: without the task's config. */
function handleOf(task: RiggedTask, driverState: Uint8Array<ArrayBuffer>): TaskHandle {
  return { version: 1, config: { ...task.config, driverConfig: new Uint8Array() }, state: "unknown", driverState };
}

test("takes over a task with the state that a version wrote in which few keys took effect", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(script, { config: { network_mode: "none", pids_limit: 99, tmpfs: ["/t"] } });
  await task.stdout.until((text) => text.includes("before"));
  const { id, state: { pid } } = await inspectOf(task);
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const startTicks = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[19] ?? "";
  await rig.crash();
  await rig.driver.recoverTask(handleOf(task, formerStateOf({ containerId: id, bootId, pid, startTicks })), soon());
  assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
  await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 24);
  assert.match((await task.stdout.whole()).toString(), /before\n(?:before\n)?after\n$/);
});

/** All keys of the Go driver's config, as it keeps them: lists of maps for maps, null for what is not set. */
const goConfig = {
  apparmor_profile: "unconfined",
  arch: "",
  args: ["-c", script],
  auth: null,
  auth_soft_fail: false,
  cap_add: ["NET_ADMIN"],
  cap_drop: ["MKNOD"],
  command: "sh",
  cpu_cfs_period: 100_000,
  cpu_hard_limit: true,
  devices: ["/dev/full:/dev/brimming:rw"],
  entrypoint: null,
  extra_hosts: ["db:192.0.2.10"],
  force_pull: false,
  hostname: "web",
  image: testSetting("TEST_IMAGE"),
  image_pull_timeout: "5m",
  init: false,
  init_path: "",
  ipc_mode: "private",
  ipv4_address: "",
  ipv6_address: "",
  labels: [{ app: "shop" }],
  logging: { driver: "", options: [] },
  memory_reservation: "24m",
  memory_swap: "80m",
  memory_swappiness: 10,
  network_mode: "bridge",
  oom_score_adj: 300,
  os: "",
  pids_limit: 64,
  port_map: [{ http: 8080 }],
  ports: ["http"],
  privileged: false,
  readonly_rootfs: true,
  security_opt: ["no-new-privileges"],
  selinux_opts: ["disable"],
  shm_size: "2m",
  socket: "default",
  static_ips: null,
  static_mac: "",
  sysctl: [{ "net.core.somaxconn": "77" }],
  tmpfs: ["/t:size=1m"],
  tty: false,
  ulimit: [{ nofile: "600:700", nproc: "800:900" }],
  userns: "",
  variant: "",
  volumes: ["local:/x:ro"],
  working_dir: "/",
};

/** The container that the Go driver makes of it. */
function goSpec({ config }: RiggedTask): ContainerSpec {
  const taskDir = join(config.allocDir, config.name);
  const bind = (source: string, destination: string, options: readonly string[] = []) => ({ type: "bind", source, destination, options });
  return {
    name: `${config.name}-${config.allocId}`,
    image: goConfig.image,
    command: ["sh", ...goConfig.args],
    hostname: "web",
    work_dir: "/",
    labels: { app: "shop" },
    log_configuration: { driver: "k8s-file", path: config.stdoutPath },
    cap_add: goConfig.cap_add,
    cap_drop: goConfig.cap_drop,
    no_new_privileges: true,
    devices: [{ path: "/dev/full:/dev/brimming:rw" }],
    hostadd: goConfig.extra_hosts,
    netns: { nsmode: "bridge" },
    oom_score_adj: 300,
    read_only_filesystem: true,
    r_limits: [
      { type: "nofile", soft: 600, hard: 700 },
      { type: "nproc", soft: 800, hard: 900 },
    ],
    shm_size: 2_097_152,
    sysctl: { "net.core.somaxconn": "77" },
    resource_limits: {
      memory: { limit: 67_108_864, reservation: 25_165_824, swap: 83_886_080 },
      cpu: { shares: 100, quota: 50_000, period: 100_000 },
      pids: { limit: 64 },
    },
    mounts: [
      bind(join(config.allocDir, "alloc"), "/alloc"),
      bind(join(taskDir, "local"), "/local"),
      bind(join(taskDir, "secrets"), "/secrets"),
      bind(join(taskDir, "local"), "/x", ["ro"]),
      { type: "tmpfs", destination: "/t", options: ["size=1m"] },
    ],
  };
}

test("takes over a task of the Go driver that uses all of its keys", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({});
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  try {
    const { id } = await podman.containers.create(goSpec(task), soon());
    await podman.containers.start(id, soon());
    await task.stdout.until((text) => text.includes("before"));
    const driverState = encodeGoMsgpack({
      ContainerID: id,
      LogStreamer: false,
      Net: { AutoAdvertise: true, IP: "10.88.0.9", PortMap: { http: 8080 } },
      StartedAt: encodeGoTime(new Date()),
      TaskConfig: goConfig,
    });
    await rig.driver.recoverTask(handleOf(task, driverState), soon());
    assert.equal((await rig.driver.inspectTask(task.config.id, soon())).state, "running");
    const { result, stdout } = await rig.driver.execTask(
      task.config.id,
      { command: ["sh", "-c", "hostname; cat /proc/sys/net/core/somaxconn"], timeoutMs: 20_000 },
      soon(),
    );
    assert.deepEqual([result.exitCode, Buffer.from(stdout).toString()], [0, "web\n77\n"]);
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 24);
    await rig.driver.destroyTask(task.config.id, { force: false }, soon());
    assert.equal(await podman.containers.inspect(id, soon()), undefined);
  } finally {
    podman.close();
  }
});
