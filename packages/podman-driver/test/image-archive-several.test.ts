import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { findTool, runProcess, startEngine, testSetting } from "@driver/testing";
import { ImageRig } from "./image-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProcess(findTool(program) ?? program, [...args], { signal: soon() });
  assert.equal(code, 0, stderr);
}

/** An archive of `localhost/one:1` and `localhost/two:1`, in this order, each of which has its name for a mark. */
async function saveTwo(images: ImageRig, path: string): Promise<void> {
  await using other = await startEngine({ folder: "/run/save-two-engine" }, soon());
  const names = ["localhost/one:1", "localhost/two:1"];
  for (const name of names) {
    await images.registry.publish("for:archive", { mark: `${name} ` });
    const from = `${images.registry.host}/for:archive`;
    for (const args of [["pull", "--tls-verify=false", from], ["tag", from, name]]) {
      const { code, stderr } = await other.run(args);
      assert.equal(code, 0, stderr);
    }
  }
  const saved = await other.run(["save", "--multi-image-archive", "--output", path, ...names]);
  assert.equal(saved.code, 0, saved.stderr);
}

async function serve(content: Uint8Array): Promise<AsyncDisposable & { readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? "");
    answer.end(content);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    asked,
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/two.tar`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("an archive of several images", () => {
  test("is had once for each that is asked for, and without a name it means the first, whatever came before", async () => {
    await using images = await ImageRig.start();
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "several-"));
    const path = join(folder, "two.tar");
    await saveTwo(images, path);
    const content = await readFile(path);
    await using server = await serve(content);
    const image_checksum = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    for (const [image, more, mark] of [
      ["two:1", { load: server.url }, "two"],
      ["one:1", { load: server.url }, "one"],
      ["two:1", { load: server.url }, "two"],
      [`docker-archive:${server.url}`, {}, "one"],
      ["two:1", { load: server.url }, "two"],
      [`docker-archive:${server.url}`, {}, "one"],
    ] as const) {
      assert.match(await images.run(image, { ...more, image_checksum }), new RegExp(`^localhost/${mark}:1 `));
    }
    assert.equal(server.asked.length, 3);
    // The same bytes in another place.
    const copy = join(folder, "copy.tar");
    await copyFile(path, copy);
    assert.match(await images.run(`docker-archive:${copy}:two:1`), /^localhost\/two:1 /);
    assert.match(await images.run(`docker-archive:${copy}`), /^localhost\/one:1 /);
    assert.equal(images.messages().filter((message) => /^Loading image [^:]*copy\.tar$/.test(message)).length, 0);
    await rm(folder, { recursive: true });
  });

  test("is refused in OCI's format, in words that say what to write", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("many:1");
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "several-"));
    const [oci, path] = [join(folder, "oci"), join(folder, "oci.tar")];
    for (const name of ["one", "two"]) {
      await run("skopeo", ["copy", "--src-tls-verify=false", `docker://${images.registry.host}/many:1`, `oci:${oci}:${name}`]);
    }
    await run("tar", ["-C", oci, "-cf", path, "."]);
    for (const image of [`oci-archive:${path}`, `oci-archive:${path}:one`]) {
      const failure = await images.failure(image);
      assert.match(failure.message, /more than one image in oci[^]*; Podman loads an oci-archive of one image alone: make one for each/);
      assert.equal(failure.recoverable, false);
    }
    await rm(folder, { recursive: true });
  });
});
