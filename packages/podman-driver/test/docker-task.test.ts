import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { DriverRig, RecordedEvents, testSetting, until } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** All keys that Nomad's Docker driver has and the Go driver has not, or not in this form, but `load`, `storage_opt` and `mac_address`. */
const dockerKeys: HclRecord = {
  advertise_ipv6_address: false,
  auth: { username: "", password: "", email: "me@example.com", server_address: "" },
  cgroupns: "private",
  container_exists_attempts: 5,
  cpuset_cpus: "0",
  devices: [{ host_path: "/dev/full", container_path: "/dev/brimming", cgroup_permissions: "rw" }],
  dns_servers: ["192.0.2.53"],
  dns_search_domains: ["example.test"],
  dns_options: ["ndots:3"],
  group_add: ["4242"],
  healthchecks: { disable: true },
  interactive: true,
  isolation: "",
  memory_hard_limit: 96,
  mount: [{ type: "tmpfs", target: "/memory", tmpfs_options: { size: 1_048_576, mode: 511 } }],
  mounts: [{ type: "bind", source: "local", target: "/bound", readonly: true, bind_options: { propagation: "rprivate" } }],
  network_aliases: ["web"],
  network_mode: "bridge",
  pid_mode: "",
  userns_mode: "host",
  uts_mode: "",
  volume_driver: "local",
  volumes: [`docker-task-${process.pid}:/volume`],
  work_dir: "/made/by/docker",
  entrypoint: ["sh", "-c"],
  shm_size: "2097152",
  logging: { type: "json-file", config: [{ "max-file": "2", "max-size": "2m" }] },
};

const script = `pwd; id -G; ls /dev/brimming; stat -f -c %b /dev/shm; df -k /memory | tail -1 | awk '{print $2}'; stat -c %a /memory
touch /bound/x 2>/dev/null || echo read-only; touch /volume/x && echo written; grep -v '^#' /etc/resolv.conf
cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null`;

test("a task written for Nomad's Docker driver runs with all its keys, and its author is told which of them do nothing", async () => {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  try {
    const runtime = (await podman.info(soon())).ociRuntime.name;
    const task = await rig.prepare({ config: { ...dockerKeys, runtime, command: "", args: [script] }, resources: { memoryMb: 48 } });
    await rig.startTask(task);
    await rig.driver.waitTask(task.config.id, soon());
    const lines = (await task.stdout.whole()).toString().trim().split("\n");
    const expected = ["/made/by/docker", "0 4242", "/dev/brimming", "512", "1024", "777", "read-only", "written"];
    assert.deepEqual(lines.slice(0, 8), expected);
    const rest = lines.slice(8).join("\n");
    for (const line of ["search example.test", "nameserver 192.0.2.53", "options ndots:3", String(96 * 1_048_576)]) {
      assert.ok(rest.includes(line), `${line} in ${rest}`);
    }
    await until(() =>
      ["auth.email", "container_exists_attempts", "cpuset_cpus"].every((key) =>
        events.messages.some((text) => text.startsWith(`config key ${key} is not used: `)),
      ),
    );
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  } finally {
    await podman.volumes.remove(`docker-task-${process.pid}`, soon());
    podman.close();
  }
});

test("what only Docker on Windows can do is refused by name", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { isolation: "hyperv" } });
  await assert.rejects(
    rig.startTask(task),
    /config key isolation: "hyperv" is a mode for containers of Windows, which Podman does not run/,
  );
});
