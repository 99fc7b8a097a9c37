import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { findTool, runProcess, testSetting, until } from "@driver/testing";
import { ImageRig } from "./image-rig.ts";

/** A folder with archives of one image, made by skopeo. */
class Archives implements AsyncDisposable {
  readonly folder: string;
  readonly mark: string;

  private constructor(folder: string, mark: string) {
    this.folder = folder;
    this.mark = mark;
  }

  /** `docker.tar` names it `localhost/shop:1`, `oci.tar` names it `localhost/oci-shop:1`; `gzip.tar.gz` is the first, packed. */
  static async make(images: ImageRig, mark: string): Promise<Archives> {
    await images.registry.publish(`${mark}:1`, { mark: `${mark} `, layerBytes: [300_000] });
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "archives-"));
    const from = `docker://${images.registry.host}/${mark}:1`;
    for (const to of [`docker-archive:${folder}/docker.tar:localhost/shop:1`, `oci-archive:${folder}/oci.tar:localhost/oci-shop:1`]) {
      const { code, stderr } = await runProcess(findTool("skopeo") ?? "skopeo", ["copy", "--src-tls-verify=false", from, to], {
        signal: AbortSignal.timeout(60_000),
      });
      assert.equal(code, 0, stderr);
    }
    await writeFile(join(folder, "gzip.tar.gz"), gzipSync(await readFile(join(folder, "docker.tar")), { level: 1 }));
    return new Archives(folder, mark);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** Serves a file; `handle` may do something else. */
async function serve(handle: Parameters<typeof createServer>[1]): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer(handle as never).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const dispose = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { url, [Symbol.asyncDispose]: dispose };
}

const digestOf = async (path: string): Promise<string> => `sha256:${createHash("sha256").update(await readFile(path)).digest("hex")}`;
const loads = (messages: readonly string[]): number =>
  messages.filter((message) => message.startsWith("Loading image ") && !message.includes(": ")).length;

describe("an archive", () => {
  test("of each kind is loaded, once for each content, and stays when the registry is forced", async () => {
    await using images = await ImageRig.start();
    await using archives = await Archives.make(images, "kinds");
    for (const image of [
      `docker-archive:${archives.path("docker.tar")}`,
      `oci-archive:${archives.path("oci.tar")}`,
      `docker-archive:${archives.path("gzip.tar.gz")}`,
    ]) {
      assert.match(await images.run(image), /^kinds /);
      assert.match(await images.run(image), /^kinds /);
    }
    assert.equal(loads(images.messages()), 3);
    const copy = archives.path("copy.tar");
    await copyFile(archives.path("docker.tar"), copy);
    assert.match(await images.run(`docker-archive:${copy}`), /^kinds /);
    assert.equal(loads(images.messages()), 3, "the same content was loaded again");
    assert.match(await images.run(`docker-archive:${copy}`, { force_pull: true }), /^kinds /);
    assert.equal(loads(images.messages()), 4);
    assert.equal(images.proxy.seen.length, 0);
    assert.match(images.messages().at(-1) ?? "", /^Loaded image \S+copy\.tar: [\d.]+ MB on disk, [\d.]+ s$/);
  });

  test("is loaded again when its image is gone or its content is another", async () => {
    await using images = await ImageRig.start();
    await using archives = await Archives.make(images, "again");
    const image = `docker-archive:${archives.path("docker.tar")}`;
    assert.match(await images.run(image), /^again /);
    await images.podman.images.remove(["localhost/shop:1"], AbortSignal.timeout(60_000));
    assert.match(await images.run(image), /^again /);
    await using others = await Archives.make(images, "other");
    await copyFile(others.path("docker.tar"), archives.path("docker.tar"));
    assert.match(await images.run(image), /^other /);
  });

  test("in the task's own folder is found there: by load, and by a path without a slash in front", async () => {
    await using images = await ImageRig.start();
    await using archives = await Archives.make(images, "local");
    for (const config of [
      { image: "shop:1", load: "a.tar" },
      { image: "docker-archive:local/a.tar" },
      { image: "docker-archive:local/a.tar:shop:1" },
    ]) {
      const task = await images.prepare(config.image, config);
      await copyFile(archives.path("docker.tar"), join(task.config.allocDir, "task/local/a.tar"));
      await images.rig.startTask(task);
      await images.rig.driver.waitTask(task.config.id, AbortSignal.timeout(60_000));
      assert.match((await task.stdout.whole()).toString(), /^local /);
    }
  });

  test("is not followed out of the allocation by a link that the task has made", async () => {
    await using images = await ImageRig.start();
    await using archives = await Archives.make(images, "link");
    const task = await images.prepare("docker-archive:local/a.tar");
    await symlink(archives.path("docker.tar"), join(task.config.allocDir, "task/local/a.tar"));
    await assert.rejects(images.rig.startTask(task), {
      message: /leads out of the allocation's folder, to \S+docker\.tar; give its absolute path$/,
    });
    assert.equal(loads(images.messages()), 0);
  });

  test("that is wrong says so, and nothing is stored", async () => {
    await using images = await ImageRig.start();
    await using archives = await Archives.make(images, "wrong");
    const whole = await readFile(archives.path("docker.tar"));
    await writeFile(archives.path("junk.tar"), Buffer.alloc(20_000, "junk"));
    await writeFile(archives.path("cut.tar"), whole.subarray(0, whole.length / 2));
    await writeFile(archives.path("cut.tar.gz"), (await readFile(archives.path("gzip.tar.gz"))).subarray(0, 50_000));
    await mkdir(archives.path("folder"));
    const before = (await images.podman.images.list(AbortSignal.timeout(60_000))).length;
    const rows = [
      { name: "junk.tar", message: /payload does not match any of the supported image formats/ },
      { name: "cut.tar", message: /image archive \S+cut\.tar: podman answered 500: / },
      { name: "cut.tar.gz", message: /image archive \S+cut\.tar\.gz: .*unexpected end of file/ },
      { name: "folder", message: /folder: is no file$/ },
      { name: "gone.tar", message: /gone\.tar: cannot be opened: ENOENT$/ },
    ];
    for (const { name, message } of rows) assert.match((await images.failure(`docker-archive:${archives.path(name)}`)).message, message);
    const wrong = { image_checksum: `sha256:${"0".repeat(64)}` };
    assert.match(
      (await images.failure(`docker-archive:${archives.path("gzip.tar.gz")}`, wrong)).message,
      /its content is sha256:\w+, and image_checksum wants sha256:0+: it is not loaded$/,
    );
    assert.equal((await images.podman.images.list(AbortSignal.timeout(60_000))).length, before);
    const foreign = process.arch === "x64" ? "arm64" : "amd64";
    assert.match(
      (await images.failure(`docker-archive:${archives.path("docker.tar")}`, { arch: foreign })).message,
      new RegExp(`docker\\.tar: it holds the image for linux/\\w+, and the task asks for \\*/${foreign}$`),
    );
    const other = await images.failure(`docker-archive:${archives.path("docker.tar")}:nobody:2`);
    assert.match(other.message, /there is no nobody:2 in it, but localhost\/shop:1$/);
  });
});

describe("an archive at an address", () => {
  test("is fetched once where its checksum is known, through redirects, and told of without its token", async () => {
    await using images = await ImageRig.start();
    await using archives = await Archives.make(images, "web");
    const content = await readFile(archives.path("docker.tar"));
    const asked: string[] = [];
    await using server = await serve((request, answer) => {
      asked.push(request.url ?? "");
      if (request.url === "/old") answer.writeHead(302, { Location: "/new?token=s3cret" }).end();
      else answer.writeHead(200, { "Content-Length": content.length }).end(content);
    });
    const image = `docker-archive:${server.url}/old`;
    const image_checksum = await digestOf(archives.path("docker.tar"));
    assert.match(await images.run(image, { image_checksum }), /^web /);
    assert.match(await images.run(image, { image_checksum }), /^web /);
    assert.deepEqual(asked, ["/old", "/new?token=s3cret"]);
    assert.match(await images.run(`docker-archive:${server.url}/new?token=s3cret`), /^web /);
    assert.doesNotMatch(images.messages().join("\n"), /s3cret/);
  });

  test("without a checksum is asked for each time, and sent when the server has another or its image is gone", async () => {
    await using images = await ImageRig.start();
    const contents: Buffer[] = [];
    for (const mark of ["first", "second"]) {
      await using archives = await Archives.make(images, mark);
      contents.push(await readFile(archives.path("docker.tar")));
    }
    let current = 0;
    const statuses: number[] = [];
    await using server = await serve((request, answer) => {
      const ETag = `"v${current}"`;
      statuses.push(request.headers["if-none-match"] === ETag ? 304 : 200);
      answer.writeHead(statuses.at(-1) ?? 0, { ETag }).end(statuses.at(-1) === 200 ? contents[current] : undefined);
    });
    const image = `docker-archive:${server.url}/app.tar`;
    for (const mark of ["first", "first"]) assert.match(await images.run(image), new RegExp(`^${mark} `));
    current = 1;
    for (const mark of ["second", "second"]) assert.match(await images.run(image), new RegExp(`^${mark} `));
    await images.podman.images.remove(["localhost/shop:1"], AbortSignal.timeout(60_000));
    assert.match(await images.run(image), /^second /);
    assert.match(await images.run(image, { force_pull: true }), /^second /);
    assert.deepEqual(statuses, [200, 304, 200, 304, 200, 200]);
    assert.equal(loads(images.messages()), 4);
  });

  test("that cannot be had says why, and whether another try may help", async () => {
    await using images = await ImageRig.start({ pluginConfig: { pull_activity_timeout: "1s" } });
    await using archives = await Archives.make(images, "away");
    const content = await readFile(archives.path("docker.tar"));
    await using server = await serve((request, answer) => {
      const status = /^\/(\d+)$/.exec(request.url ?? "")?.[1];
      if (status !== undefined) return void answer.writeHead(Number(status)).end();
      answer.writeHead(200, { "Content-Length": content.length });
      answer.write(content.subarray(0, content.length / 2));
      if (request.url === "/cut") setTimeout(() => answer.destroy(), 100);
    });
    const rows = [
      { at: "/404", message: /the server answered 404 Not Found$/, recoverable: false },
      { at: "/503", message: /the server answered 503/, recoverable: true },
      { at: "/cut", message: /image archive http:\S+\/cut: /, recoverable: true },
      { at: "/stall", message: /nothing has come for 1 s \(pull_activity_timeout\)$/, recoverable: true },
    ];
    for (const { at, message, recoverable } of rows) {
      const failure = await images.failure(`docker-archive:${server.url}${at}`);
      assert.match(failure.message, message);
      assert.equal(failure.recoverable, recoverable, failure.message);
    }
    const late = await images.failure(`docker-archive:${server.url}/stall`, { image_pull_timeout: "300ms" });
    assert.match(late.message, /not loaded within image_pull_timeout \(0\.3 s\)$/);
    assert.equal(await images.imageId("localhost/shop:1"), undefined);
  });

  test("is let go of when the task is destroyed meanwhile", async () => {
    await using images = await ImageRig.start();
    let left = false;
    await using server = await serve((_request, answer) => {
      answer.writeHead(200).write(Buffer.alloc(1000));
      answer.once("close", () => (left = true));
    });
    const task = await images.prepare(`docker-archive:${server.url}/x`);
    const start = images.rig.startTask(task).catch((error: unknown) => error);
    await until(() => loads(images.messages()) === 1);
    await images.rig.driver.destroyTask(task.config.id, { force: true }, AbortSignal.timeout(60_000));
    await until(() => left);
    assert.ok((await start) instanceof Error);
  });
});

describe("a root file system on the host", () => {
  test("is run as it is, or with what the task changes kept apart", async () => {
    await using images = await ImageRig.start();
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "rootfs-"));
    for (const name of ["bin", "etc", "proc", "sys", "dev", "tmp"]) await mkdir(join(folder, name));
    await copyFile(findTool("busybox") ?? assert.fail("no busybox"), join(folder, "bin/busybox"));
    await symlink("busybox", join(folder, "bin/sh"));
    await writeFile(join(folder, "mark"), "root ");
    const config = { entrypoint: ["/bin/sh"], args: ["-c", "read x < /mark; echo $x; echo more >> /mark"], command: "" };
    try {
      assert.equal(await images.run(`rootfs:${folder}:O`, config), "root\n");
      assert.equal(await readFile(join(folder, "mark"), "utf8"), "root ");
      assert.equal(await images.run(`rootfs:${folder}`, config), "root\n");
      assert.equal(await readFile(join(folder, "mark"), "utf8"), "root more\n");
      await appendFile(join(folder, "mark"), "");
      assert.match((await images.failure("rootfs:/no/such/folder", config)).message, /\/no\/such\/folder/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
