import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { registryIdentityToken, registryLogin, type RiggedTask } from "@driver/testing";
import { authFile, fileOf, helperOf } from "./auth-sources.ts";
import { ImageRig } from "./image-rig.ts";

const { username, password } = registryLogin;
const encoded = Buffer.from(`${username}:${password}`).toString("base64");

/** A text as it is, and as it looks inside of base64, wherever in it: as a header or an auth file has it. */
function shapesOf(secret: string): readonly string[] {
  const inner = [0, 1, 2].map((offset) => Buffer.from(`${"-".repeat(offset)}${secret}`).toString("base64").slice(4, -4));
  return [secret, ...inner, ...inner.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** What the plugin has put into the folders of the tasks. */
async function filesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), "latin1"));
  return (await Promise.all(texts)).join("\n");
}

/** Starts a task by each source, keeps it running, and lets all that can go wrong go wrong. */
class SecretRun {
  readonly #images: ImageRig;
  readonly #tasks: RiggedTask[] = [];
  readonly #failures: Error[] = [];

  constructor(images: ImageRig) {
    this.#images = images;
  }

  async start(image: string, config: HclRecord = {}): Promise<void> {
    const task = await this.#images.prepare(
      image,
      { args: ["-c", "sleep 60"], force_pull: true, ...config },
      { name: `t${this.#tasks.length}` },
    );
    await this.#images.rig.startTask(task);
    this.#tasks.push(task);
  }

  async fail(image: string, config: HclRecord = {}): Promise<void> {
    this.#failures.push(await this.#images.failure(image, { force_pull: true, ...config }));
  }

  async refuse(config: HclRecord): Promise<void> {
    await assert.rejects(this.#images.setConfig(config), (error: Error) => this.#failures.push(error) > 0);
  }

  async checkNoneOf(...secrets: readonly string[]): Promise<void> {
    const { rig } = this.#images;
    const errors = this.#failures.map((error) => `${error.message} ${error.stack ?? ""}`);
    const told = [await this.#images.everythingTold(this.#tasks), await filesBelow(rig.root), ...errors].join("\n");
    assert.ok(errors.length > 0 && told.includes("own:1"), "nothing was told at all");
    for (const shape of secrets.flatMap(shapesOf)) {
      assert.ok(!told.includes(shape), told.slice(Math.max(0, told.indexOf(shape) - 300), told.indexOf(shape) + 100));
    }
  }
}

describe("nothing that the plugin wrote, told or kept, nor what Podman did, holds", () => {
  test("a password of the task, the operator's file, helper or plugin block", async () => {
    await using images = await ImageRig.start({ hasLogin: true });
    await images.registry.publish("own:1");
    const run = new SecretRun(images);
    const { host } = images.proxy;
    const image = images.at("own:1");
    const helper = await helperOf(`echo '{"Username":"${username}","Secret":"${password}"}'`);
    try {
      await run.start(image, { auth: { username, password } });
      for (const auth of [
        { config: await authFile({ [host]: { auth: encoded } }) },
        { helper: helper.name },
        { username, password, server_address: host },
      ]) {
        await images.setConfig({ auth });
        await run.start(image);
      }
      await run.fail(image, { auth: { username, password: `${password}x` } });
      await run.fail(images.at("missing:1"), { auth: { username, password } });
      await run.fail("not a name", { auth: { username, password } });
      await run.fail(image, { auth: { username, password, server_address: "no registry" } });
      await run.refuse({ auth: { username, password } });
      images.proxy.fault(/manifests/, { kind: "answer", status: 503 });
      await run.fail(image, { auth: { username, password } });
      await run.checkNoneOf(password);
    } finally {
      await rm(helper.path);
    }
  });

  test("an identity token, right or wrong", async () => {
    await using images = await ImageRig.start({ hasLogin: "token" });
    await images.registry.publish("own:1");
    const run = new SecretRun(images);
    const { host } = images.proxy;
    for (const identitytoken of [registryIdentityToken, `${registryIdentityToken}x`]) {
      await images.setConfig({ auth: { config: await authFile({ [host]: { identitytoken } }) } });
      if (identitytoken === registryIdentityToken) await run.start(images.at("own:1"));
      else await run.fail(images.at("own:1"));
    }
    await run.checkNoneOf(registryIdentityToken);
  });

  test("a word of what a helper or a file gives that is not what it should be", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("own:1");
    const run = new SecretRun(images);
    const scripts = [
      `echo 'Secret: ${password}'`,
      `echo '{"Username":"u","Secret":"${password}"}'; exit 1`,
      `echo '{"Username":1,"Secret":"${password}"}'`,
    ];
    for (const script of scripts) {
      const helper = await helperOf(script);
      try {
        await images.setConfig({ auth: { helper: helper.name } });
        await run.fail(images.at("own:1"));
      } finally {
        await rm(helper.path);
      }
    }
    const { host } = images.proxy;
    for (const text of [
      `{"auths": ${password}}`,
      JSON.stringify({ auths: { [host]: { auth: password } } }),
      JSON.stringify({ auths: { [host]: password } }),
      JSON.stringify({ credHelpers: { [host]: [password] } }),
    ]) {
      await images.setConfig({ auth: { config: await fileOf(text) } });
      await run.fail(images.at("own:1"));
    }
    // Those of other registries are told of in the log alone, as these three were besides.
    const others = { "x.example": { auth: password }, "y.example": password, "z.example": { auth: `${username}:${password}` } };
    await images.setConfig({ auth: { config: await authFile(others, { credHelpers: { "x.example": `/${password}` } }) } });
    await run.start(images.at("own:1"));
    assert.equal(images.rig.log.split("an entry of auth.config cannot be used").length - 1, 3 + 4);
    await run.checkNoneOf(password);
  });
});

test("a core file of the plugin has none of its memory", async () => {
  await using images = await ImageRig.start();
  assert.equal(Number.parseInt(await readFile(`/proc/${images.rig.pluginPid}/coredump_filter`, "utf8"), 16), 0);
});
