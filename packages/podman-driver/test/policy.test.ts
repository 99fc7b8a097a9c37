import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMsgpack } from "@driver/nomad-plugin";
import { DriverRig, testSetting } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("strict refuses a privileged task with the option that would allow it, and makes nothing", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { policy: "strict" } });
  const task = await rig.prepare({ config: { privileged: true, pid_mode: "host" } });
  await assert.rejects(
    rig.startTask(task),
    new RegExp(
      /2 mistakes: \(1\) config key privileged: true is not allowed on this client; .*allow_privileged = true.* /.source +
        /\(2\) config key pid_mode: "host" is a mode that is not allowed.*allowed_modes\.pid/.source,
    ),
  );
});

test("strict takes from a task that asks for nothing what it would get from Podman", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { policy: "strict", pids_limit: 77 } });
  const task = await rig.runScript("grep CapEff /proc/self/status; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null");
  await rig.driver.waitTask(task.config.id, soon());
  const [capabilities = "", limit] = (await task.stdout.whole()).toString().split("\n");
  assert.equal((BigInt(`0x${capabilities.split("\t")[1]}`) >> 13n) & 1n, 0n, "NET_RAW");
  assert.equal(limit, "77");
});

test("a new policy of the operator is that of the next start, and leaves running tasks alone", async () => {
  await using rig = await DriverRig.start();
  const config = { privileged: true };
  const running = await rig.runScript("sleep 60", { config });
  const msgpack = encodeMsgpack({ socket_path: `unix://${testSetting("TEST_PODMAN_SOCKET")}`, allow_privileged: false });
  await rig.driver.setConfig({ msgpack, apiVersion: "v0.1.0" }, soon());
  await assert.rejects(rig.startTask(await rig.prepare({ config })), /allow_privileged = true/);
  assert.equal((await rig.driver.inspectTask(running.config.id, soon())).state, "running");
});
