import assert from "node:assert/strict";
import { mkdir, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FaultyRig, testSetting, until, type RiggedTask } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

interface Race {
  readonly volume: string;
  /** Puts something else where the judged path was. */
  exchange(task: RiggedTask, secret: string): Promise<void>;
}

const taskFolder = ({ config }: RiggedTask): string => join(config.allocDir, config.name);

async function replaceByLink(path: string, target: string): Promise<void> {
  await rename(path, `${path}.old`);
  await symlink(target, path);
}

const races: Readonly<Record<string, Race>> = {
  "the folder itself": { volume: "local/data:/x", exchange: (task, secret) => replaceByLink(join(taskFolder(task), "local/data"), secret) },
  "a folder on the way": {
    volume: "local/way/data:/x",
    exchange: (task, secret) => replaceByLink(join(taskFolder(task), "local/way"), secret),
  },
  "the task's own folder, where all of the allocation is bound": {
    volume: "..:/x",
    exchange: (task, secret) => replaceByLink(join(taskFolder(task), "local"), secret),
  },
};

for (const [what, { volume, exchange }] of Object.entries(races)) {
  test(`a link put in the place of ${what} once it is judged is found before the task runs`, async () => {
    await using faulty = await FaultyRig.start({ pluginConfig: { volumes: { enabled: false } } });
    const secret = join(faulty.rig.root, "secret");
    await mkdir(join(secret, "data"), { recursive: true });
    const task = await faulty.rig.prepare({ config: { command: "sh", args: ["-c", `echo seen >> /alloc/data/ran`], volumes: [volume] } });
    await mkdir(join(taskFolder(task), "local/way/data"), { recursive: true });
    await mkdir(join(taskFolder(task), "local/data"), { recursive: true });
    const exchanged = Promise.withResolvers<void>();
    const held = faulty.proxy.inject({ fault: { kind: "held", until: exchanged.promise }, method: "POST", path: /\/init$/ });
    const started = faulty.rig.startTask(task);
    const outcome = assert.rejects(started, {
      code: "unsupported",
      message: /what is mounted there is not what was judged a moment ago.*the task is not run/,
    });
    await until(() => held.hits > 0);
    await exchange(task, secret);
    exchanged.resolve();
    await outcome;
    await assert.rejects(stat(join(task.config.allocDir, "alloc/data/ran")), { code: "ENOENT" });
    await assert.rejects(faulty.rig.driver.inspectTask(task.config.id, soon()), /task not found/);
  });
}

test("what nobody has changed runs, and only a judge has the mounts looked at", async () => {
  const countLooks = async (enabled: boolean): Promise<number> => {
    await using faulty = await FaultyRig.start({ pluginConfig: { volumes: { enabled } } });
    const looks = faulty.proxy.inject({ fault: { kind: "delay", delayMs: 0 }, method: "POST", path: /\/init$/ });
    // Two binds of one folder, one of them the allocation's own.
    const task = await faulty.rig.prepare({
      config: { command: "sh", args: ["-c", "cat /x/file"], volumes: ["local/data:/x", "local:/again"] },
    });
    await mkdir(join(taskFolder(task), "local/data"));
    await writeFile(join(taskFolder(task), "local/data/file"), "content\n");
    await faulty.rig.startTask(task);
    await faulty.rig.driver.waitTask(task.config.id, soon());
    assert.equal((await task.stdout.whole()).toString(), "content\n");
    return looks.hits;
  };
  assert.deepEqual([await countLooks(true), await countLooks(false)], [0, 1]);
});

test("a start whose preparation got no answer is tried again", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: { volumes: { enabled: false } } });
  const lost = faulty.proxy.inject({ fault: { kind: "lost-answer" }, method: "POST", path: /\/init$/, times: 1 });
  const task = await faulty.rig.prepare({ config: { command: "sh", args: ["-c", "echo ran"], volumes: ["local:/x"] } });
  await faulty.rig.startTask(task);
  await faulty.rig.driver.waitTask(task.config.id, soon());
  assert.deepEqual([(await task.stdout.whole()).toString(), lost.hits], ["ran\n", 1]);
});

test("a volume whose making was not answered goes with a start that fails, and one of somebody else stays", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const socketPath = testSetting("TEST_PODMAN_SOCKET");
  const podman = new PodmanClient({ socketPath });
  const [ours, theirs] = [`ours-${process.pid}`, `theirs-${process.pid}`];
  const mountOf = (source: string) => ({ type: "volume", target: `/${source}`, source, volume_options: { labels: [{ a: "b" }] } });
  try {
    await podman.volumes.create({ name: theirs, driver: "", labels: {}, options: {} }, soon());
    const lost = proxy.inject({ fault: { kind: "lost-answer" }, method: "POST", path: /^\/volumes\/create$/ });
    const task = await rig.prepare({ config: { command: "/no/such/program", mount: [mountOf(theirs), mountOf(ours)] } });
    await assert.rejects(rig.startTask(task), /no such file|not found/);
    assert.ok(lost.hits > 0);
    assert.equal(await podman.volumes.inspect(ours, soon()), undefined);
    assert.deepEqual((await podman.volumes.inspect(theirs, soon()))?.labels, {});
  } finally {
    for (const name of [ours, theirs]) await podman.volumes.remove(name, soon());
    podman.close();
  }
});
