import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { PodmanClient } from "@driver/libpod";
import { DriverRig, startEngine, testSetting, until } from "@driver/testing";
import { toMark } from "../src/image/image-mark.ts";
import { listImages } from "../src/image/list-images.ts";
import { removeUnused } from "../src/image/remove-unused.ts";
import { askWhileImagesGo, ImageRig } from "./image-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const cleaning = { image: true, image_delay: "2s" };
/** Several looks and the delay. */
const longAfterMs = 5000;

function listed(podman: PodmanClient): ReturnType<typeof listImages> {
  return askWhileImagesGo(() => listImages(podman, soon()));
}

async function storeOf(podman: PodmanClient): Promise<readonly string[]> {
  return (await listed(podman)).flatMap(({ id, names }) => [id, ...names]).toSorted();
}

/** Settles when the store is as it was. */
async function untilStoreIs(podman: PodmanClient, before: readonly string[]): Promise<void> {
  await until(async () => isDeepStrictEqual(await storeOf(podman), before));
}

describe("an image that this driver has pulled", () => {
  test("stays while a task runs, and goes a while after, with all its names", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
    const before = await storeOf(images.podman);
    await images.registry.publish("used:1");
    const image = images.at("used:1");
    const task = await images.prepare(image, { args: ["-c", "sleep 600"] });
    await images.rig.startTask(task);
    await sleep(longAfterMs);
    assert.notEqual(await images.imageId(image), undefined);
    const id = (await images.imageId(image)) ?? "";
    await images.podman.images.tag(id, { repository: "localhost/second", tag: "1" }, soon());
    const startMs = performance.now();
    await images.rig.driver.destroyTask(task.config.id, { force: true }, soon());
    // Podman 4.3 answers an inspect with a panic while the image is removed.
    await until(async () => !(await storeOf(images.podman)).includes(id));
    assert.ok(performance.now() - startMs > 1500, "it was gone at once");
    await untilStoreIs(images.podman, before);
    // Podman answers a moment after the image is gone.
    await until(() => /unused images? removed/.test(images.rig.log));
  });

  test("stays when a stopped container of somebody else was made from it, names and all", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
    await images.registry.publish("shared:1");
    const image = images.at("shared:1");
    const task = await images.prepare(image, { args: ["-c", "sleep 600"] });
    await images.rig.startTask(task);
    const { id } = await images.podman.containers.create({ image, name: "stranger", command: ["sh"] }, soon());
    try {
      await images.rig.driver.destroyTask(task.config.id, { force: true }, soon());
      const before = await storeOf(images.podman);
      await sleep(longAfterMs);
      assert.deepEqual(await storeOf(images.podman), before);
    } finally {
      await images.podman.containers.remove(id, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
    }
    await until(async () => !(await storeOf(images.podman)).includes(image));
  });

  test("goes also when the plugin was killed meanwhile, and when its name has moved to another", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
    const before = await storeOf(images.podman);
    await images.registry.publish("moves:1", { mark: "old " });
    const image = images.at("moves:1");
    const task = await images.prepare(image, { args: ["-c", "sleep 600"] });
    await images.rig.startTask(task);
    const old = (await images.imageId(image)) ?? "";
    await images.registry.publish("moves:1", { mark: "new " });
    assert.match(await images.run(image, { force_pull: true }), /^new /);
    await images.rig.crash();
    await images.rig.recover(task);
    await sleep(longAfterMs);
    assert.equal(await images.imageId(old), old, "the task's own image is gone");
    await images.rig.driver.destroyTask(task.config.id, { force: true }, soon());
    await untilStoreIs(images.podman, before);
  });

  test("stays without gc.image, which is the default, and is only named in a dry run", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("stays:1");
    await images.run(images.at("stays:1"));
    const store = await storeOf(images.podman);
    assert.ok(!store.some((name) => name.includes("nomad-driver-podman/pulled")), "it was marked for nothing");
    await images.setConfig({ gc: { ...cleaning, image_dry_run: true } });
    await images.registry.publish("dry:1", { mark: "dry" });
    await images.run(images.at("dry:1"));
    await until(() => /dry run: this unused image would be removed/.test(images.rig.log));
    assert.match(images.rig.log, new RegExp(`would be removed \\{[^\\n]*${images.at("dry:1")}`));
    await sleep(2000);
    assert.notEqual(await images.imageId(images.at("dry:1")), undefined);
    assert.notEqual(await images.imageId(images.at("stays:1")), undefined);
    assert.equal(images.rig.log.split("would be removed").length, 2, "it was told more than once");
  });

  test("goes by the disk's use where there is a water mark", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: { ...cleaning, image_delay: "1s", image_high_water: 100 } } });
    await images.registry.publish("water:1");
    await images.run(images.at("water:1"));
    await sleep(longAfterMs);
    assert.notEqual(await images.imageId(images.at("water:1")), undefined, "the disk is not full");
    await images.setConfig({ gc: { ...cleaning, image_delay: "1s", image_high_water: 0.001, image_low_water: 0 } });
    await until(async () => !(await storeOf(images.podman)).includes(images.at("water:1")));
  });

  test("leaves the store as it was after tasks that come and go, each with another image", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: { ...cleaning, image_delay: "0s" } } });
    const before = await storeOf(images.podman);
    for (let round = 0; round < 10; round += 1) {
      await images.registry.publish(`turn:${round}`, { mark: `turn ${round} ` });
      assert.match(await images.run(images.at(`turn:${round}`)), new RegExp(`^turn ${round} `));
    }
    await untilStoreIs(images.podman, before);
  });
});

test("the images go also when the plugin is killed while it removes them", async () => {
  await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
  const count = 8;
  for (let number = 0; number < count; number += 1) {
    await images.registry.publish(`many:${number}`, { mark: `${number}`, layerBytes: [100_000] });
    await Array.fromAsync(images.podman.images.pull({ reference: images.at(`many:${number}`), tlsVerify: false }, soon()));
  }
  // First, or a slow machine has the clean-up at work on its image when it starts.
  const task = await images.prepare(images.at("many:0"), { args: ["-c", "sleep 600"] });
  await images.rig.startTask(task);
  for (const { id } of await listed(images.podman)) await images.podman.images.tag(id, toMark(id), soon());
  await until(async () => (await listed(images.podman)).length < count);
  await images.rig.crash();
  await images.rig.recover(task);
  await until(async () => (await listed(images.podman)).length === 1);
  assert.equal((await listed(images.podman))[0]?.repoTags.length, 2);
  await images.rig.driver.destroyTask(task.config.id, { force: true }, soon());
  await untilStoreIs(images.podman, []);
});

test("an image that goes again and again is there for each task that starts meanwhile", async () => {
  await using images = await ImageRig.start({ pluginConfig: { gc: { ...cleaning, image_delay: "0s" } } });
  await images.registry.publish("again:1", { mark: "again " });
  for (let round = 0; round < 6; round += 1) {
    // The looks come each half second.
    await sleep(500 + 110 * round);
    const outputs = await Promise.all([0, 1, 2].map(() => images.run(images.at("again:1"))));
    for (const output of outputs) assert.match(output, /^again /);
  }
  assert.match(images.rig.log, /unused images? removed/);
  await untilStoreIs(images.podman, []);
});

describe("an image that came beside the one of the task", () => {
  test("stays while it is mounted in a container, which Podman does not count, and goes after that", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
    for (const name of ["own:1", "data:1"]) await images.registry.publish(name, { mark: `${name} ` });
    const mount = [{ type: "image", source: images.at("data:1"), target: "/data" }];
    const task = await images.prepare(images.at("own:1"), { mount, args: ["-c", "cat /data/mark; sleep 600"] });
    await images.rig.startTask(task);
    await sleep(longAfterMs);
    const names = await storeOf(images.podman);
    assert.ok(names.includes(images.at("data:1")), images.rig.log);
    await images.rig.driver.destroyTask(task.config.id, { force: true }, soon());
    await untilStoreIs(images.podman, []);
  });

  for (const slow of ["own", "data"]) {
    test(`stays while its task waits for the other to come: ${slow}:1`, async () => {
      await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
      for (const name of ["own", "data"]) await images.registry.publish(`${name}:1`, { mark: `${name} `, layerBytes: [3_000_000] });
      // Longer than the delay.
      images.proxy.fault(new RegExp(`GET .*/${slow}/blobs`), { kind: "slow", bytesPerSecond: 400_000 });
      const mount = [{ type: "image", source: images.at("data:1"), target: "/data" }];
      assert.equal(await images.run(images.at("own:1"), { mount, args: ["-c", "cat /data/mark"] }), "data ");
    });
  }

  test("goes also when the task could not use it, or it came with another in an archive", async () => {
    await using images = await ImageRig.start({ pluginConfig: { gc: cleaning } });
    const foreign = process.arch === "x64" ? "arm64" : "amd64";
    await images.registry.publish("foreign:1", { architectures: [foreign] });
    const native = process.arch === "x64" ? "amd64" : "arm64";
    assert.match((await images.failure(images.at("foreign:1"), { arch: native })).message, /the registry gives it for/);
    await using other = await startEngine({ folder: "/run/save-engine" }, soon());
    const path = join(testSetting("TEST_SCRATCH"), "two.tar");
    for (const name of ["localhost/one:1", "localhost/two:1"]) {
      await images.registry.publish("for:archive", { mark: name });
      const from = `${images.registry.host}/for:archive`;
      for (const args of [["pull", "--tls-verify=false", from], ["tag", from, name]]) {
        const { code, stderr } = await other.run(args);
        assert.equal(code, 0, stderr);
      }
    }
    const saved = await other.run(["save", "--multi-image-archive", "--output", path, "localhost/one:1", "localhost/two:1"]);
    assert.equal(saved.code, 0, saved.stderr);
    assert.match((await images.failure(`docker-archive:${path}:three:1`)).message, /there is no three:1 in it, but .*one:1/);
    const store = await storeOf(images.podman);
    for (const name of ["localhost/one:1", "localhost/two:1"]) assert.ok(store.includes(name), store.join("\n"));
    assert.equal(await images.run(`docker-archive:${path}:two:1`, { args: ["-c", "cat /mark"] }), "localhost/two:1");
    await untilStoreIs(images.podman, []);
  });
});

test("an image that a container has come to use since the look keeps all its names, and the others of the same call go", async () => {
  await using images = await ImageRig.start({ pluginConfig: { gc: { ...cleaning, image_delay: "1h" } } });
  for (const name of ["one:1", "used:1", "other:1"]) {
    await images.registry.publish(name, { mark: `${name} ` });
    await images.run(images.at(name));
  }
  const before = await listed(images.podman);
  const pulled = before.filter(({ names }) => names.some((name) => name.startsWith(images.proxy.host)));
  const used = pulled.find(({ names }) => names.includes(images.at("used:1"))) ?? assert.fail();
  await images.podman.images.tag(used.id, { repository: "localhost/second", tag: "1" }, soon());
  const seen = (await listed(images.podman)).filter(({ id }) => pulled.some((one) => one.id === id));
  const { id } = await images.podman.containers.create({ image: images.at("used:1"), name: "latecomer", command: ["sh"] }, soon());
  const { kept, errors } = await removeUnused(images.podman, seen);
  assert.deepEqual([...kept], [used.id]);
  assert.match(errors.join("\n"), /image is (in use by a container|being used)/);
  const left = (await listed(images.podman)).filter((image) => pulled.some((one) => one.id === image.id));
  assert.deepEqual(left.map(({ repoTags }) => repoTags.toSorted()), [seen.find((image) => image.id === used.id)?.repoTags.toSorted()]);
  assert.equal(left[0]?.repoTags.length, 3);
  await images.podman.containers.remove(id, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
});

test("a name that has moved to another image since the look stays there, and comes back to none", async () => {
  await using images = await ImageRig.start({ pluginConfig: { gc: { ...cleaning, image_delay: "1h" } } });
  const image = images.at("moves:1");
  await images.registry.publish("moves:1", { mark: "old " });
  await images.run(image);
  const old = (await images.imageId(image)) ?? "";
  const second = { repository: "localhost/second", tag: "1" };
  for (const isUsed of [true, false]) {
    await images.podman.images.tag(old, { repository: images.at("moves"), tag: "1" }, soon());
    await images.podman.images.tag(old, second, soon());
    const seen = (await listed(images.podman)).filter(({ id }) => id === old);
    await images.registry.publish("moves:1", { mark: "new " });
    await images.run(image, { force_pull: true });
    const after = (await listed(images.podman)).find(({ id }) => id !== old) ?? assert.fail();
    assert.ok(after.repoTags.includes(image));
    const container = isUsed ? await images.podman.containers.create({ image: old, name: "user", command: ["sh"] }, soon()) : undefined;
    assert.deepEqual([...(await removeUnused(images.podman, seen)).kept], isUsed ? [old] : []);
    const left = await listed(images.podman);
    assert.deepEqual(left.find(({ id }) => id === after.id)?.repoTags.toSorted(), after.repoTags.toSorted());
    assert.equal(left.find(({ id }) => id === old)?.repoTags.length, isUsed ? 2 : undefined);
    const forced = { force: true, volumes: true, timeoutSeconds: 0 };
    if (container !== undefined) await images.podman.containers.remove(container.id, forced, soon());
  }
});

test("an image that somebody else's container mounts stays, also when its name has moved, and goes after that", async () => {
  await using engine = await startEngine({ folder: "/run/mount-engine" }, soon());
  await engine.importBusybox("localhost/base:1");
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await engine.run([...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  for (const name of ["stopped", "running", "moved", "unused"]) {
    await run("run", "--name", "maker", "--network", "none", "localhost/base:1", "sh", "-c", `echo ${name} >/mark`);
    await run("commit", "--quiet", "maker", `localhost/${name}:1`);
    await run("rm", "maker");
  }
  const mount = (name: string): readonly string[] => ["--network", "none", "--mount", `type=image,source=localhost/${name}:1,target=/data`];
  await run("create", "--name", "stopped", ...mount("stopped"), "localhost/base:1", "cat", "/data/mark");
  for (const name of ["running", "moved"]) await run("run", "--detach", "--name", name, ...mount(name), "localhost/base:1", "sleep", "600");
  await run("tag", "localhost/base:1", "localhost/moved:1");
  const podman = new PodmanClient({ socketPath: engine.socketPath });
  const count = async (): Promise<number> => (await listed(podman)).length;
  try {
    const config = { socket_path: `unix://${engine.socketPath}`, gc: { ...cleaning, image_others: true } };
    await using rig = await DriverRig.start({ pluginConfig: config });
    await until(async () => (await count()) === 4);
    await sleep(longAfterMs);
    assert.equal(await count(), 4, rig.log);
    assert.equal(await podman.images.exists("localhost/unused:1", soon()), false);
    for (const name of ["running", "moved"]) assert.equal(await run("exec", name, "cat", "/data/mark"), `${name}\n`);
    assert.equal(await run("start", "--attach", "stopped"), "stopped\n");
    await run("kill", "running", "moved");
    await run("rm", "--force", "stopped", "running", "moved");
    await until(async () => (await count()) === 0);
  } finally {
    podman.close();
  }
});

test("an image of somebody else stays, unless the operator takes all but a list", async () => {
  await using engine = await startEngine({ folder: "/run/gc-engine" }, soon());
  await engine.importBusybox("localhost/mine:1");
  await engine.importBusybox("localhost/base:1");
  const podman = new PodmanClient({ socketPath: engine.socketPath });
  const has = (name: string): Promise<boolean> => podman.images.exists(name, soon());
  try {
    const options = (gc: Record<string, boolean | string | string[]>): { pluginConfig: Record<string, never> } => ({
      pluginConfig: { socket_path: `unix://${engine.socketPath}`, gc } as never,
    });
    {
      await using _rig = await DriverRig.start(options(cleaning));
      await sleep(longAfterMs);
      assert.deepEqual([await has("localhost/mine:1"), await has("localhost/base:1")], [true, true]);
    }
    await using _rig = await DriverRig.start(options({ ...cleaning, image_others: true, image_keep: ["localhost/base:*"] }));
    await until(async () => !(await has("localhost/mine:1")));
    await sleep(1000);
    assert.equal(await has("localhost/base:1"), true);
  } finally {
    podman.close();
  }
});
