import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { DriverRig, plainTask, RecordedEvents, until } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A look from inside at the cgroup of a task, of either version: the files that are there, each as `name value`. */
const printCgroup = `for name in memory.soft_limit_in_bytes memory.memsw.limit_in_bytes memory.swappiness memory.limit_in_bytes \
memory.low memory.swap.max memory.max pids.max; do
  for folder in /sys/fs/cgroup /sys/fs/cgroup/memory /sys/fs/cgroup/pids; do
    test -r $folder/$name && echo $name $(cat $folder/$name)
  done
done`;

const mib = 1_048_576;

test("limits what a task has asked to be limited, as its cgroup tells", async () => {
  const output = await DriverRig.outputOf(printCgroup, {
    config: { memory_reservation: "24m", memory_swap: "80m", memory_swappiness: 0, pids_limit: 64 },
    resources: { memoryMb: 48, memoryMaxMb: 64 },
  });
  const figures = new Map(output.trim().split("\n").map((line) => [line.split(" ")[0] ?? "", line.split(" ").slice(1).join(" ")]));
  assert.equal(figures.get("pids.max"), "64");
  if (figures.has("memory.max")) {
    assert.deepEqual(
      [figures.get("memory.max"), figures.get("memory.low"), figures.get("memory.swap.max")],
      [64, 24, 16].map((mb) => String(mb * mib)),
    );
    return;
  }
  assert.equal(figures.get("memory.limit_in_bytes"), String(64 * mib));
  assert.equal(figures.get("memory.soft_limit_in_bytes"), String(24 * mib));
  assert.equal(figures.get("memory.memsw.limit_in_bytes"), String(80 * mib));
  assert.equal(figures.get("memory.swappiness"), "0");
});

test("lets a task swap without a limit", async () => {
  const output = await DriverRig.outputOf(printCgroup, { config: { memory_swap: "-1" } });
  const [, limit = ""] = /memory\.(?:memsw\.limit_in_bytes|swap\.max) (\S+)/.exec(output) ?? [];
  assert.ok(limit === "max" || Number(limit) >= 2 ** 50, limit);
});

test("has no swap where the operator allows none", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { allow_swap: false } });
  const output = await rig.outputOf(printCgroup);
  const [, limit = ""] = /memory\.(?:memsw\.limit_in_bytes|swap\.max) (\S+)/.exec(output) ?? [];
  assert.equal(Number(limit), output.includes("memsw") ? plainTask().resources.memoryMb * mib : 0, output);
});

test("takes the period of a hard CPU limit from the task", async () => {
  const print = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us /sys/fs/cgroup/cpu.max 2>/dev/null";
  const linux = { ...plainTask().resources.linux, percentTicks: 0.5 / availableParallelism() };
  const output = await DriverRig.outputOf(print, { config: { cpu_hard_limit: true, cpu_cfs_period: 40_000 }, resources: { linux } });
  const [quota, period] = output.trim().split(/\s+/).map(Number);
  // The driver rounds the task's share of each core down.
  assert.ok(period === 40_000 && quota !== undefined && quota > 20_000 - availableParallelism() && quota <= 20_000, output);
});

test("kills a task at Docker's hard limit, and says which that was", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("tail /dev/zero", {
    config: { memory_hard_limit: 32, memory_swap: "32m" },
    resources: { memoryMb: 16 },
  });
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.equal(result.oomKilled, true);
  assert.match(result.error ?? "", /OOM killed.*32 MiB/);
});

test("sets the limits of processes, the inclination to be killed and the kernel's settings", async () => {
  const script =
    "grep -E 'core|open files|processes|file size' /proc/self/limits; cat /proc/self/oom_score_adj /proc/sys/net/core/somaxconn";
  const output = await DriverRig.outputOf(script, {
    config: {
      network_mode: "bridge",
      // Podman 4.3 adds high limits of files and processes to a list without them, which a host without CAP_SYS_RESOURCE refuses.
      ulimit: [{ core: "0:4096", nofile: "600:700", nproc: "800:900" }],
      oom_score_adj: 321,
      sysctl: [{ "net.core.somaxconn": "77" }],
    },
  });
  assert.match(output, /Max core file size +0 +4096 /);
  // runc 1.1.5 lifts the soft limit of files to the hard one.
  assert.match(output, /Max open files +[67]00 +700 /);
  assert.match(output, /Max processes +800 +900 /);
  assert.match(output, /\n321\n77\n$/);
});

const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** A disk of this machine and its number as cgroups write it, which nothing needs to be on. */
function findDisk(): { readonly path: string; readonly id: string } | undefined {
  const lines = readFileSync("/proc/partitions", "utf8").split("\n").map((line) => line.trim().split(/\s+/));
  const disks = lines.flatMap(([major, minor, , name]) =>
    name === undefined || name === "name" ? [] : [{ path: `/dev/${name}`, id: `${major}:${minor}` }],
  );
  return disks.find(({ path }) => statSync(path, { throwIfNoEntry: false })?.isBlockDevice());
}
const disk = findDisk();

const controllers = isUnified ? readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").trim().split(" ") : [];

test("limits how fast a task reads and writes a disk", { skip: disk === undefined && "this machine has no disk" }, async () => {
  const { path, id } = disk ?? assert.fail("no disk");
  const print = "cd /sys/fs/cgroup; grep -H . io.max blkio/blkio.throttle.*_device 2>/dev/null | sed 's|.*/blkio.throttle.||'";
  const output = await DriverRig.outputOf(print, {
    config: {
      device_read_bps: [`${path}:10m`],
      device_write_bps: [`${path}:20m`],
      device_read_iops: [`${path}:300`],
      device_write_iops: [`${path}:400`],
    },
  });
  const rates = { read_bps: 10 * mib, write_bps: 20 * mib, read_iops: 300, write_iops: 400 };
  if (isUnified) assert.equal(output, `io.max:${id} rbps=${10 * mib} wbps=${20 * mib} riops=300 wiops=400\n`);
  else {
    assert.deepEqual(
      output.trim().split("\n").toSorted(),
      Object.entries(rates)
        .map(([name, rate]) => `${name}_device:${id} ${rate}`)
        .toSorted(),
    );
  }
});

test("names the key of what is no disk, and leaves nothing", async () => {
  await using rig = await DriverRig.start();
  const rates = ["device_read_bps", "device_write_bps", "device_read_iops", "device_write_iops"];
  const startWith = async (config: HclRecord): Promise<void> => void (await rig.startTask(await rig.prepare({ config })));
  for (const key of [...rates, "blkio_weight_device"]) {
    const needs = `config key ${key}[0]: "/dev/null:100" needs a block device of the host, and /dev/null is a character device; `;
    const remedy = "write the path of a disk, e.g. /dev/sda; lsblk shows them";
    await assert.rejects(startWith({ [key]: ["/dev/null:100"] }), { code: "config-invalid", message: needs + remedy });
  }
  await assert.rejects(
    startWith({ device_write_bps: ["/dev/no-such-disk:1m"] }),
    /the task's config has device_write_bps = "\/dev\/no-such-disk:1048576", which needs a block device of the host/,
  );
});

test("names ulimit where the kernel does not let a limit be set", async () => {
  await using rig = await DriverRig.start();
  // No process may have more files than fs.nr_open.
  await assert.rejects(
    rig.runScript("true", { config: { ulimit: [{ nofile: "unlimited", nproc: "512" }] } }),
    /rlimit.*the task's config has ulimit; without CAP_SYS_RESOURCE the host sets none above its own/is,
  );
});

test("weighs a task's disk time, or tells its owner that the kernel does not", async () => {
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const script = "cat /sys/fs/cgroup/io.weight /sys/fs/cgroup/io.bfq.weight 2>/dev/null";
  const task = await rig.prepare({ config: { blkio_weight: 400, command: "sh", args: ["-c", script] } });
  const refusal = await rig.startTask(task).then(() => undefined, String);
  if (isUnified && refusal !== undefined) {
    assert.match(refusal, /the task's config has blkio_weight = 400, which needs a kernel that weighs disk time/);
    assert.deepEqual(globSync("/sys/fs/cgroup/**/io.{weight,bfq.weight}"), []);
    return;
  }
  assert.equal(refusal, undefined);
  await rig.driver.waitTask(task.config.id, soon());
  if (isUnified) assert.match((await task.stdout.whole()).toString(), /^default (?!100\n)\d+$/m);
  else await until(() => events.messages.some((text) => text.includes("does not support Block I/O weight")));
});

test("keeps a task's memory to the NUMA nodes it names, which the host must have", async () => {
  if (isUnified && !controllers.includes("cpuset")) {
    await using rig = await DriverRig.start();
    await using events = new RecordedEvents(rig.driver);
    assert.equal(await rig.outputOf("echo runs", { config: { cpuset_mems: "0" } }), "runs\n");
    await until(() => events.messages.some((text) => text.startsWith("cpuset_mems is not applied: it needs the cgroup controller cpuset")));
    return;
  }
  assert.match(
    await DriverRig.outputOf(
      "cat /sys/fs/cgroup/cpuset.mems /sys/fs/cgroup/cpuset/cpuset.mems 2>/dev/null; grep Mems_allowed_list /proc/self/status",
      { config: { cpuset_mems: "0" } },
    ),
    /^0\nMems_allowed_list:\s+0\n$/,
  );
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { cpuset_mems: "1000" } });
  await assert.rejects(rig.startTask(task), /requested 1000|cpuset\.mems/);
});

test("writes what else the job says into the task's cgroup", { skip: !isUnified && "needs cgroup v2" }, async () => {
  assert.equal(
    await DriverRig.outputOf("cat /sys/fs/cgroup/memory.high", { config: { cgroup_conf: [{ "memory.high": String(32 * mib) }] } }),
    `${32 * mib}\n`,
  );
});

test("says that a host with cgroup v1 has no such settings", { skip: isUnified && "this host has cgroup v2" }, async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { cgroup_conf: [{ "memory.high": "64m" }] } });
  await assert.rejects(rig.startTask(task), /config key cgroup_conf: "memory\.high" needs cgroup v2, and this host has cgroup v1/);
});
