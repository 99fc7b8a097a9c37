import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, findTool, testSetting, until, type RiggedTask, type TaskWishes } from "@driver/testing";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A server that has nothing, and sends what begins with /old elsewhere. */
async function serve(): Promise<AsyncDisposable & { readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    const { url = "" } = request;
    asked.push(url);
    if (url.startsWith("/old/")) answer.writeHead(302, { Location: url.replace("/old/", "/") }).end();
    else answer.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const dispose = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return {
    asked,
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    [Symbol.asyncDispose]: dispose,
  };
}

async function failureOf(pluginConfig: HclRecord, image: string): Promise<string> {
  await using rig = await DriverRig.start({ pluginConfig });
  const task = await rig.prepare({ config: { image } });
  return await rig.startTask(task).then(() => "started", String);
}

describe("an archive from an address", () => {
  test("is fetched only where the operator allows it, which strict does nowhere", async () => {
    await using server = await serve();
    const image = `docker-archive:${server.url}/good/a.tar?token=s3cret`;
    assert.match(await failureOf({}, image), /the server answered 404/);
    for (const config of [{ policy: "strict" }, { allow_image_urls: [`${server.url}/other/*`] }]) {
      const failure = await failureOf(config, image);
      assert.match(
        failure,
        new RegExp(
          `config key image: "${server.url}/good/a\\.tar" is an address that images may not be fetched from on this client, .* ` +
            "in allow_image_urls",
        ),
      );
      assert.doesNotMatch(failure, /s3cret/);
    }
    assert.match(await failureOf({ policy: "strict", allow_image_urls: [`${server.url}/good/*`] }, image), /the server answered 404/);
    assert.deepEqual(server.asked, ["/good/a.tar?token=s3cret", "/good/a.tar?token=s3cret"]);
  });

  test("is not fetched from where an allowed server sends to, unless that is allowed as well", async () => {
    await using server = await serve();
    const allowed = { allow_image_urls: [`${server.url}/old/*`, `${server.url}/good/*`] };
    assert.match(await failureOf(allowed, `oci-archive:${server.url}/old/good/a.tar`), /the server answered 404/);
    assert.match(
      await failureOf(allowed, `oci-archive:${server.url}/old/inner/a.tar`),
      new RegExp(
        `the server sends to ${server.url}/inner/a\\.tar, which images may not be fetched from on this client; .*allow_image_urls`,
      ),
    );
    assert.deepEqual(server.asked, ["/old/good/a.tar", "/good/a.tar", "/old/inner/a.tar"]);
  });
});

test("an archive on the host is opened only where the operator allows volumes, wherever a link leads", async () => {
  const root = await mkdtemp(join(testSetting("TEST_SCRATCH"), "archive-policy-"));
  const [allowed, other] = [join(root, "allowed"), join(root, "other")];
  for (const folder of [allowed, other]) {
    await mkdir(folder);
    await writeFile(join(folder, "a.tar"), "no archive");
  }
  await symlink(join(other, "a.tar"), join(allowed, "link.tar"));
  const policy = { volumes: { allowed_paths: [allowed] } };
  const opened = /payload does not match any of the supported image formats/;
  assert.match(await failureOf({}, `docker-archive:${other}/a.tar`), opened);
  assert.match(await failureOf(policy, `docker-archive:${allowed}/a.tar`), opened);
  for (const [config, path] of [
    [{ volumes: { enabled: false } }, `${allowed}/a.tar`],
    [policy, `${other}/a.tar`],
    [policy, `${allowed}/../other/a.tar`],
    [policy, `${allowed}/link.tar`],
  ] as const) {
    const failure = await failureOf(config, `docker-archive:${path}`);
    assert.match(failure, /config key image: .* asks for \S+\/a\.tar, outside the allocation's folder/);
  }
  await rm(root, { recursive: true });
});

/** A root file system with no more than a shell. */
async function makeRoot(folder: string): Promise<string> {
  for (const name of ["bin", "etc", "proc", "sys", "dev", "tmp"]) await mkdir(join(folder, name), { recursive: true });
  await copyFile(findTool("busybox") ?? assert.fail("no busybox"), join(folder, "bin/busybox"));
  await symlink("busybox", join(folder, "bin/sh"));
  return folder;
}

describe("a root file system in the task's folder", () => {
  const rootOf = (task: RiggedTask): string => join(task.config.allocDir, task.config.name, "local/root");
  const config = (image: string): TaskWishes => ({
    config: { image, entrypoint: ["/bin/sh"], args: ["-c", "echo ran >> /alloc/data/ran; echo runs"] },
  });
  const policies: readonly HclRecord[] = [{}, { volumes: { enabled: false } }];

  for (const pluginConfig of policies) {
    test(`is run where it is, and not where a link leads to, with ${JSON.stringify(pluginConfig)}`, async () => {
      await using rig = await DriverRig.start({ pluginConfig });
      const good = await rig.prepare(config("rootfs:local/root"));
      await makeRoot(rootOf(good));
      await rig.startTask(good);
      await rig.driver.waitTask(good.config.id, soon());
      assert.equal((await good.stdout.whole()).toString(), "runs\n");

      const elsewhere = await makeRoot(join(rig.root, "elsewhere"));
      for (const image of ["rootfs:local/root", "rootfs:local/root:O"]) {
        const bad = await rig.prepare(config(image));
        await symlink(elsewhere, rootOf(bad));
        const message = new RegExp(
          `config key image: "${image}" (leads out of the allocation's folder, to ${elsewhere}; give its absolute path|asks ` +
            "for .* as a folder of an overlay)",
        );
        await assert.rejects(rig.startTask(bad), { message });
      }
    });
  }

  test("does not run when a link takes the place of a folder on the way once it is judged", async () => {
    await using faulty = await FaultyRig.start({ pluginConfig: { volumes: { enabled: false } } });
    const elsewhere = join(faulty.rig.root, "elsewhere");
    await makeRoot(join(elsewhere, "root"));
    const task = await faulty.rig.prepare(config("rootfs:local/way/root"));
    const way = join(task.config.allocDir, task.config.name, "local/way");
    await makeRoot(join(way, "root"));
    const exchanged = Promise.withResolvers<void>();
    const held = faulty.proxy.inject({ fault: { kind: "held", until: exchanged.promise }, method: "POST", path: /\/init$/ });
    // runc itself takes no root behind a link, and crun does.
    const outcome = assert.rejects(
      faulty.rig.startTask(task),
      /what is mounted there is not what was judged a moment ago|runc: .*invalid rootfs/,
    );
    await until(() => held.hits > 0);
    await rename(way, `${way}.old`);
    await symlink(elsewhere, way);
    exchanged.resolve();
    await outcome;
    await assert.rejects(stat(join(task.config.allocDir, "alloc/data/ran")), { code: "ENOENT" });
  });
});
