import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageRig } from "./image-rig.ts";

const native = process.arch === "x64" ? "amd64" : "arm64";
const foreign = native === "amd64" ? "arm64" : "amd64";
const both = [native, foreign];
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

test("gives each task the platform that it asks for, and leaves the name to this machine's", async () => {
  await using images = await ImageRig.start();
  await images.registry.publish("multi:1", { architectures: both });
  const image = images.at("multi:1");
  assert.equal(await images.run(image), native);
  const id = await images.imageId(image);
  assert.equal(await images.run(image, { arch: foreign }), foreign);
  assert.match(images.messages().join("\n"), new RegExp(`that is present is for linux/${native}, and the task asks for \\*/${foreign}`));
  assert.equal(await images.imageId(image), id);
  const asked = images.proxy.seen.length;
  assert.equal(await images.run(image), native);
  assert.equal(await images.run(image, { arch: foreign }), foreign);
  assert.equal(await images.run(image, { arch: native, os: "linux" }), native);
  assert.equal(images.proxy.seen.length, asked, "something was pulled again");
});

test("leaves no other platform's image under a name that was not there before", async () => {
  await using images = await ImageRig.start();
  await images.registry.publish("multi:1", { architectures: both });
  const image = images.at("multi:1");
  assert.equal(await images.run(image, { arch: foreign }), foreign);
  assert.equal(await images.imageId(image), undefined);
  assert.equal(await images.run(image), native);
  assert.equal(await images.run(image, { arch: foreign, image_pull_policy: "never" }), foreign);
});

test("notices another platform's image under the name, and pulls anew", async () => {
  await using images = await ImageRig.start();
  await images.registry.publish("multi:1", { architectures: both });
  const image = images.at("multi:1");
  await Array.fromAsync(images.podman.images.pull({ reference: image, arch: foreign, tlsVerify: false }, soon()));
  assert.equal(await images.run(image, { arch: native }), native);
  const asked = images.proxy.seen.length;
  assert.equal(await images.run(image), native);
  assert.equal(images.proxy.seen.length, asked);
});

test("refuses a platform that the registry does not have, and leaves nothing under the name", async () => {
  await using images = await ImageRig.start();
  await images.registry.publish("multi:1", { architectures: both });
  await images.registry.publish("single:1", { architectures: [foreign] });
  const missing = await images.failure(images.at("multi:1"), { arch: "s390x" });
  assert.match(missing.message, /the registry has this image for other platforms only; see arch, os and variant/);
  const other = await images.failure(images.at("single:1"), { arch: native });
  assert.match(other.message, new RegExp(`the registry gives it for linux/${foreign}, and the task asks for \\*/${native}`));
  assert.deepEqual([missing.recoverable, other.recoverable], [false, false]);
  assert.equal(await images.imageId(images.at("single:1")), undefined);
});

test("refuses a platform that an index of OCI's format does not have as it does for a list of Docker's", async () => {
  await using images = await ImageRig.start();
  await images.registry.publish("oci:1", { architectures: both, isOci: true });
  const missing = await images.failure(images.at("oci:1"), { arch: "s390x" });
  assert.match(missing.message, /the registry has this image for other platforms only; see arch, os and variant$/);
  assert.equal(missing.recoverable, false);
  assert.equal(await images.run(images.at("oci:1"), { arch: foreign }), foreign);
});

test("leaves an image of another system under no name that was this machine's, and under none that was not there", async () => {
  await using images = await ImageRig.start();
  await images.registry.publish("new:1", { os: "windows" });
  const refused = await images.failure(images.at("new:1"), { os: "linux" });
  assert.match(refused.message, /the registry gives it for windows\/\w+, and the task asks for linux\/\*/);
  assert.equal(await images.imageId(images.at("new:1")), undefined);
  const image = images.at("there:1");
  await images.registry.publish("there:1", { mark: "mine " });
  await images.run(image);
  const id = await images.imageId(image);
  await images.registry.publish("there:1", { os: "windows", mark: "other " });
  assert.match((await images.failure(image, { os: "linux", force_pull: true })).message, /for windows/);
  // It is an image for another system by its word alone, and runs.
  assert.match(await images.run(image, { os: "windows" }), /^other /);
  assert.equal(await images.imageId(image), id);
});

test("takes the digest of a list for this machine's image, whatever another task has pulled by it or by the tag", async () => {
  await using images = await ImageRig.start();
  for (const [name, orders] of [["first", [foreign, ""]], ["second", ["", foreign]]] as const) {
    const { digest } = await images.registry.publish(`${name}:1`, { architectures: both, mark: `${name} ` });
    const image = images.at(`${name}@${digest}`);
    for (const arch of [...orders, ...orders]) {
      assert.equal(await images.run(image, arch === "" ? {} : { arch }), `${name} ${arch || native}`);
    }
    const asked = images.proxy.seen.length;
    for (const arch of orders) assert.equal(await images.run(image, arch === "" ? {} : { arch }), `${name} ${arch || native}`);
    assert.equal(images.proxy.seen.length, asked, "something was pulled again");
  }
  const { digest } = await images.registry.publish("third:1", { architectures: both, mark: "third " });
  assert.equal(await images.run(images.at("third:1"), { arch: foreign }), `third ${foreign}`);
  assert.equal(await images.run(images.at(`third:1@${digest}`)), `third ${native}`);
});

test("tells the variants of an architecture apart, and leaves none of another machine under the name", async () => {
  await using images = await ImageRig.start();
  const variants = ["arm/v6", "arm/v7"];
  await images.registry.publish("arm:1", { architectures: [native, ...variants] });
  for (let round = 0; round < 2; round += 1) {
    for (const platform of variants) {
      const [arch = "", variant = ""] = platform.split("/");
      assert.equal(await images.run(images.at("arm:1"), { arch, variant }), platform);
    }
  }
  assert.equal(images.proxy.count(/GET .*\/manifests\/1$/), 2);
  assert.equal(await images.imageId(images.at("arm:1")), undefined);
});
