import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { DriverRig, until, type RiggedTask, type TaskWishes } from "@driver/testing";
import { inspectOf } from "./inspect-of.ts";

const run = promisify(execFile);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("gives the task its environment, its folders and the user it asks for", async () => {
  const script = "echo $GREETING; id -u; echo from task > /alloc/data/a; echo x > /local/l; echo y > /secrets/s; pwd; hostname";
  const { output, task, rig } = await outputOf(script, {
    env: { GREETING: "héllo $(x)" },
    user: "1000:1000",
    config: { working_dir: "/tmp", hostname: "box" },
  });
  await using _rig = rig;
  assert.equal(output, "héllo $(x)\n1000\n/tmp\nbox\n");
  assert.equal(await readFile(join(task.config.allocDir, "alloc/data/a"), "utf8"), "from task\n");
  assert.equal(await readFile(join(task.config.allocDir, "task/local/l"), "utf8"), "x\n");
  assert.equal(await readFile(join(task.config.allocDir, "task/secrets/s"), "utf8"), "y\n");
});

test("replaces the image's entrypoint and command", async () => {
  await using rig = await DriverRig.start();
  const listed = await rig.prepare({ config: { entrypoint: ["echo", "one"], args: ["two", "three"] } });
  await rig.startTask(listed);
  await rig.driver.waitTask(listed.config.id, soon());
  assert.equal((await listed.stdout.whole()).toString(), "one two three\n");
  const single = await rig.prepare({ config: { entrypoint: "echo", command: "four", args: ["five"] } });
  await rig.startTask(single);
  await rig.driver.waitTask(single.config.id, soon());
  assert.equal((await single.stdout.whole()).toString(), "four five\n");
});

test("sets limits and labels as Nomad asks for them", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { extra_labels: ["job*", "task_name"] } });
  const task = await rig.runScript("sleep 60", {
    config: { labels: [{ app: "x" }, { app: "y", tier: "z" }] },
    resources: { memoryMb: 32, memoryMaxMb: 48, cpuShares: 250 },
  });
  const inspect = await inspectOf(task);
  assert.equal(inspect.host.memoryBytes, 48 * 1_048_576);
  assert.equal(inspect.host.memoryReservationBytes, 32 * 1_048_576);
  assert.equal(inspect.host.cpuShares, 250);
  const { labels } = inspect.config;
  assert.deepEqual([labels["app"], labels["tier"]], ["y", "z"]);
  assert.equal(labels["com.hashicorp.nomad.job_name"], "rig");
  assert.equal(labels["com.hashicorp.nomad.task_name"], "task");
  assert.equal(labels["com.hashicorp.nomad.alloc_id"], task.config.allocId);
  assert.equal(labels["com.hashicorp.nomad.namespace"], undefined);
  assert.equal(labels["nomad-driver-podman.task_id"], task.config.id);
});

for (const { cpuShares, taken } of [{ cpuShares: 1, taken: 2 }, { cpuShares: 300_000, taken: 262_144 }]) {
  test(`starts a task of ${cpuShares} MHz with the shares nearest to it that the kernel takes`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.runScript("sleep 60", { resources: { cpuShares } });
    assert.equal((await inspectOf(task)).host.cpuShares, taken);
  });
}

test("confines a task to the cores it has reserved", async () => {
  const resources = {
    linux: {
      cpuPeriodUs: 0,
      cpuQuotaUs: 0,
      cpuShares: 100,
      memoryLimitBytes: 0,
      oomScoreAdj: 0,
      cpusetCpus: "1",
      cpusetCgroup: "",
      percentTicks: 0.5,
    },
  };
  const { output, rig } = await outputOf("grep Cpus_allowed_list /proc/self/status", { resources });
  await using _rig = rig;
  assert.match(output, /Cpus_allowed_list:\s1\n/);
});

test("mounts what Nomad asks for, read-only where it says so", async () => {
  await using rig = await DriverRig.start();
  const volume = join(rig.root, "volume");
  await mkdir(volume);
  await writeFile(join(volume, "file"), "from the host\n");
  const mount = { taskPath: "/data", hostPath: volume, readonly: false, propagationMode: "private", selinuxLabel: "", requestName: "data" };
  const task = await rig.runScript("cat /data/file; echo more > /data/new; touch /readonly/x 2>/dev/null || echo refused", {
    more: { mounts: [mount, { ...mount, taskPath: "/readonly", readonly: true, propagationMode: "host-to-task" }] },
  });
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal((await task.stdout.whole()).toString(), "from the host\nrefused\n");
  assert.equal(await readFile(join(volume, "new"), "utf8"), "more\n");
});

test("passes on the devices that Nomad's device plugins assign", async () => {
  const device = { hostPath: "/dev/null", taskPath: "/dev/assigned", cgroupPermissions: "rw" };
  const { output, rig } = await outputOf("test -c /dev/assigned && echo $GPU", { more: { devices: [device], deviceEnv: { GPU: "0" } } });
  await using _rig = rig;
  assert.equal(output, "0\n");
});

test("uses the name servers of the group, else those of the plugin", async () => {
  const dns = { servers: ["192.0.2.1"], searches: ["example.test"], options: ["ndots:3"] };
  const own = await outputOf("cat /etc/resolv.conf", { config: { network_mode: "bridge" }, more: { dns } });
  await using _own = own.rig;
  assert.match(own.output, /nameserver 192\.0\.2\.1/);
  assert.match(own.output, /search .*example\.test/);
  assert.match(own.output, /options .*ndots:3/);
  await using rig = await DriverRig.start({ pluginConfig: { dns_servers: ["192.0.2.2"] } });
  const task = await rig.runScript("cat /etc/resolv.conf", { config: { network_mode: "bridge" } });
  await rig.driver.waitTask(task.config.id, soon());
  assert.match((await task.stdout.whole()).toString(), /^nameserver 192\.0\.2\.2$/m);
});

test("joins the network namespace that Nomad made for the group, whatever network_mode says", async () => {
  const name = `driver-test-${process.pid}`;
  await run("ip", ["netns", "add", name]);
  try {
    const hosts = { hostname: "the-group", address: "192.0.2.7" };
    const more = { networkIsolation: { mode: "group", path: `/var/run/netns/${name}`, labels: {}, hosts } } as const;
    await run("ip", ["-n", name, "link", "add", "marker0", "type", "bridge"]);
    const { output, rig } = await outputOf("ls /sys/class/net; cat /etc/hosts", { config: { network_mode: "host" }, more });
    await using _rig = rig;
    assert.match(output, /marker0/);
    assert.match(output, /^192\.0\.2\.7\s+the-group/m);
  } finally {
    await run("ip", ["netns", "delete", name]);
  }
});

test("shares the host's network, has none, or has its own", async () => {
  const shared = await outputOf("hostname; ls /sys/class/net", { config: { network_mode: "host" } });
  await using _shared = shared.rig;
  assert.match(shared.output, new RegExp(`^${hostname()}\n`));
  const none = await outputOf("ls /sys/class/net", { config: { network_mode: "none" } });
  await using _none = none.rig;
  assert.equal(none.output, "lo\n");
  const bridge = await outputOf("ls /sys/class/net", { config: { network_mode: "bridge" } });
  await using _bridge = bridge.rig;
  assert.match(bridge.output, /eth0/);
});

test("publishes ports and tells Nomad the task's own address", async () => {
  await using rig = await DriverRig.start();
  const ports = [{ label: "http", hostPort: 18_080, to: 8080, hostIp: "127.0.0.1" }];
  const task = await rig.prepare({
    config: {
      network_mode: "bridge",
      ports: ["http"],
      command: "sh",
      args: ["-c", "echo served > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"],
    },
    resources: { ports },
  });
  const started = await rig.startTask(task);
  assert.match(started.network?.ip ?? "", /^\d+\.\d+\.\d+\.\d+$/);
  let text = "";
  await until(async () => (text = await fetch("http://127.0.0.1:18080/").then((answer) => answer.text(), () => "")) !== "");
  assert.equal(text, "served\n");
});

async function outputOf(
  script: string,
  wishes: TaskWishes,
): Promise<{ readonly output: string; readonly task: RiggedTask; readonly rig: DriverRig }> {
  const rig = await DriverRig.start();
  const task = await rig.runScript(script, wishes);
  return { output: await rig.finish(task), task, rig };
}
