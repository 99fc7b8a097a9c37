import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverRig } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("strict refuses a privileged task with the option that would allow it, and makes nothing", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { policy: "strict" } });
  const task = await rig.prepare({ config: { privileged: true, pid_mode: "host" } });
  await assert.rejects(rig.startTask(task), /2 mistakes: \(1\) config key privileged: true is not allowed on this client; .*allow_privileged = true.* \(2\) config key pid_mode: "host" is a mode that is not allowed.*allowed_modes\.pid/);
});

test("strict takes from a task that asks for nothing what it would get from Podman", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { policy: "strict", pids_limit: 77 } });
  const task = await rig.runScript("grep CapEff /proc/self/status; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null");
  await rig.driver.waitTask(task.config.id, soon());
  const [capabilities = "", limit] = (await task.stdout.whole()).toString().split("\n");
  assert.equal((BigInt(`0x${capabilities.split("\t")[1]}`) >> 13n) & 1n, 0n, "NET_RAW");
  assert.equal(limit, "77");
});

test("a new policy of the operator is that of the next start", async () => {
  await using rig = await DriverRig.start();
  const before = await rig.runScript("true", { config: { privileged: true } });
  await rig.driver.waitTask(before.config.id, soon());
  await using limited = await DriverRig.start({ pluginConfig: { allow_privileged: false } });
  await assert.rejects(limited.startTask(await limited.prepare({ config: { privileged: true } })), /allow_privileged = true/);
});
