import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DriverRig, plainTask, testSetting, until } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

const skip = availableParallelism() < 2 && "one core cannot be shared out";
test("a task without cores runs on what Nomad shares out, and on more of it or less as that changes", { skip }, async (context) => {
  // In place of Nomad's own: /sys/fs/cgroup/nomad.slice/share.slice.
  const slice = join(testSetting("TEST_SCRATCH"), "share.slice");
  mkdirSync(slice);
  context.after(() => rmSync(slice, { recursive: true }));
  const share = (cpus: string): void => writeFileSync(join(slice, "cpuset.cpus.effective"), `${cpus}\n`);
  share("0");
  await using rig = await DriverRig.start();
  const { linux } = plainTask().resources;
  const task = await rig.runScript("while :; do sleep 0.1; done", {
    resources: { linux: { ...linux, cpusetCgroup: join(slice, "alloc.task.scope") } },
  });
  const seen = async (): Promise<string> => {
    const command = ["sh", "-c", "grep Cpus_allowed_list /proc/1/status | cut -f 2"];
    return Buffer.from((await rig.driver.execTask(task.config.id, { command, timeoutMs: 30_000 }, soon())).stdout).toString().trim();
  };
  await until(async () => (await seen()) === "0");
  share("1");
  await until(async () => (await seen()) === "1");
  await rig.crash();
  share("0-1");
  await rig.recover(task);
  await until(async () => (await seen()) === "0-1");
  assert.doesNotMatch(rig.log, /cannot be kept/);
});
