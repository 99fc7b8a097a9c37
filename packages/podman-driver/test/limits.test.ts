import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverRig, type TaskWishes } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A look from inside at the cgroup of a task, of either version: the files that are there, each as `name value`. */
const printCgroup = `for name in memory.soft_limit_in_bytes memory.memsw.limit_in_bytes memory.swappiness memory.limit_in_bytes \
memory.low memory.swap.max memory.max pids.max; do
  for folder in /sys/fs/cgroup /sys/fs/cgroup/memory /sys/fs/cgroup/pids; do
    test -r $folder/$name && echo $name $(cat $folder/$name)
  done
done`;

async function outputOf(script: string, wishes: TaskWishes): Promise<string> {
  await using rig = await DriverRig.start();
  const task = await rig.runScript(script, wishes);
  await rig.driver.waitTask(task.config.id, soon());
  return (await task.stdout.whole()).toString();
}

const mib = 1_048_576;

test("limits what a task has asked to be limited, as its cgroup tells", async () => {
  const output = await outputOf(printCgroup, {
    config: { memory_reservation: "24m", memory_swap: "80m", memory_swappiness: 0, pids_limit: 64 },
    resources: { memoryMb: 48, memoryMaxMb: 64 },
  });
  const figures = new Map(output.trim().split("\n").map((line) => [line.split(" ")[0] ?? "", line.split(" ").slice(1).join(" ")]));
  assert.equal(figures.get("pids.max"), "64");
  if (figures.has("memory.max")) {
    assert.deepEqual([figures.get("memory.max"), figures.get("memory.low"), figures.get("memory.swap.max")], [64, 24, 16].map((mb) => String(mb * mib)));
    return;
  }
  assert.equal(figures.get("memory.limit_in_bytes"), String(64 * mib));
  assert.equal(figures.get("memory.soft_limit_in_bytes"), String(24 * mib));
  assert.equal(figures.get("memory.memsw.limit_in_bytes"), String(80 * mib));
  assert.equal(figures.get("memory.swappiness"), "0");
});

test("lets a task swap without a limit", async () => {
  const output = await outputOf(printCgroup, { config: { memory_swap: "-1" } });
  const [, limit = ""] = /memory\.(?:memsw\.limit_in_bytes|swap\.max) (\S+)/.exec(output) ?? [];
  assert.ok(limit === "max" || Number(limit) >= 2 ** 50, limit);
});

test("kills a task at Docker's hard limit, and says which that was", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("tail /dev/zero", { config: { memory_hard_limit: 32, memory_swap: "32m" }, resources: { memoryMb: 16 } });
  const result = await rig.driver.waitTask(task.config.id, soon());
  assert.equal(result.oomKilled, true);
  assert.match(result.error ?? "", /OOM killed.*32 MiB/);
});

test("sets the limits of processes, the inclination to be killed and the kernel's settings", async () => {
  const script = "grep -E 'core|open files|processes|file size' /proc/self/limits; cat /proc/self/oom_score_adj /proc/sys/net/core/somaxconn";
  const output = await outputOf(script, {
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
