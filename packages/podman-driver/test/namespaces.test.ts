import assert from "node:assert/strict";
import { readlink } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { DriverRig, testSetting, type RiggedTask, type TaskWishes } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

let rig: DriverRig;
before(async () => {
  rig = await DriverRig.start();
});
after(() => rig[Symbol.asyncDispose]());

/** The file of a namespace of the task's first process. */
async function fileOf(task: RiggedTask, name: string): Promise<string> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const inspect = await podman.containers.inspect(`${task.config.name}-${task.config.allocId}`, soon()).finally(() => podman.close());
  return `/proc/${inspect?.state.pid}/ns/${name}`;
}

/** What the kernel calls it. */
const namespaceOf = async (task: RiggedTask, name: string): Promise<string> => readlink(await fileOf(task, name));

const start = (config: TaskWishes["config"], more: TaskWishes = {}): Promise<RiggedTask> =>
  rig.runScript("sleep 60", { ...more, config: config ?? {} });

const keys = [
  { key: "ipc_mode", name: "ipc" },
  { key: "pid_mode", name: "pid" },
  { key: "uts_mode", name: "uts" },
  { key: "cgroupns", name: "cgroup" },
];

for (const { key, name } of keys) {
  describe(key, () => {
    test("shares the host's namespace or has one of its own", async () => {
      const hosts = await readlink(`/proc/self/ns/${name}`);
      assert.equal(await namespaceOf(await start({ [key]: "host" }), name), hosts);
      assert.notEqual(await namespaceOf(await start({ [key]: "private" }), name), hosts);
    });

    test("joins another task of the allocation, a container and a file", async () => {
      const mode = name === "ipc" ? "shareable" : "private";
      const first = await start({ [key]: mode }, { name: "first" });
      const { allocId } = first.config;
      const wanted = await namespaceOf(first, name);
      const second = await start({ [key]: "task:first" }, { name: "second", allocId });
      assert.equal(await namespaceOf(second, name), wanted);
      const third = await start({ [key]: `container:first-${allocId}` }, { name: "third" });
      assert.equal(await namespaceOf(third, name), wanted);
      const fourth = await start({ [key]: `ns:${await fileOf(first, name)}` }, { name: "fourth" });
      assert.equal(await namespaceOf(fourth, name), wanted);
      // Those that share its namespace go first: Podman removes no container that others depend on.
      for (const task of [second, third, fourth]) await rig.driver.destroyTask(task.config.id, { force: true }, soon());
    });
  });
}

test("an IPC namespace without /dev/shm has none to share", async () => {
  const task = await rig.runScript("grep -c ' /dev/shm ' /proc/mounts", { config: { ipc_mode: "none" } });
  await rig.driver.waitTask(task.config.id, soon());
  assert.equal((await task.stdout.whole()).toString(), "0\n");
});
