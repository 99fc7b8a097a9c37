import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PodmanClient } from "@driver/libpod";
import { registryLogin, RegistryProxy, startEngine, TestRegistry, until, type Engine } from "@driver/testing";
import { imageCleanUpDefaults } from "../src/config/image-clean-up-policy.ts";
import { imageDefaults, resolveImageSettings } from "../src/config/image-settings.ts";
import { reportAll } from "../src/config/report.ts";
import { meetInfraImage } from "../src/image/infra-image.ts";
import { LoadedArchives } from "../src/engine/loaded-archives.ts";
import { SharedPulls } from "../src/engine/shared-pulls.ts";
import { ImageRig } from "./image-rig.ts";

const manifests = /GET .*\/manifests\//;

/** An engine, a registry that it trusts and that wants a login, and the driver's parts that know an operator's infra image. */
class InfraRig implements AsyncDisposable {
  readonly engine: Engine;
  readonly registry: TestRegistry;
  readonly proxy: RegistryProxy;
  readonly told: string[] = [];
  readonly #pulls = new SharedPulls();

  private constructor(engine: Engine, registry: TestRegistry, proxy: RegistryProxy) {
    this.engine = engine;
    this.registry = registry;
    this.proxy = proxy;
  }

  static async start(): Promise<InfraRig> {
    const engine = await startEngine({ folder: `/run/infra-${randomBytes(4).toString("hex")}` }, AbortSignal.timeout(60_000));
    const registry = await TestRegistry.start({ hasLogin: true });
    const proxy = await RegistryProxy.start(registry.host);
    await appendFile(engine.env["CONTAINERS_REGISTRIES_CONF"] ?? "", `[[registry]]\nlocation = "${proxy.host}"\ninsecure = true\n`);
    return new InfraRig(engine, registry, proxy);
  }

  async meet(options: { readonly infra_image?: string; readonly infra_image_pull_timeout?: string }): Promise<string | undefined> {
    const podman = new PodmanClient({ socketPath: this.engine.socketPath });
    const auth = { ...registryLogin, server_address: this.proxy.host };
    try {
      const context = {
        podman,
        downloadFolder: "",
        hostArchitecture: "",
        settings: reportAll((report) => resolveImageSettings({ ...imageDefaults, auth, gc: imageCleanUpDefaults, ...options }, report)),
        pulls: this.#pulls,
        archives: new LoadedArchives(),
        reportTimes: { firstMs: 10_000, eachMs: 30_000 },
        mayFetch: () => false,
        emit: (message: string): number => this.told.push(message),
        follow: (): void => undefined,
        authTools: { noteFile: (): void => undefined, askHelper: () => Promise.resolve(undefined) },
      };
      return await meetInfraImage(context, AbortSignal.timeout(60_000));
    } finally {
      podman.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of [this.proxy, this.registry, this.engine]) await part[Symbol.asyncDispose]();
  }
}

describe("the infra image of pods", () => {
  test("is pulled once with the operator's login, and a pod made of its ID asks no registry", async () => {
    await using infra = await InfraRig.start();
    await infra.registry.publish("pause:1");
    const infra_image = `${infra.proxy.host}/pause:1`;
    const [id = "", again] = await Promise.all([infra.meet({ infra_image }), infra.meet({ infra_image })]);
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.deepEqual([again, await infra.meet({ infra_image })], [id, id]);
    const asked = infra.proxy.seen.length;
    assert.equal(infra.proxy.count(/GET .*\/manifests\/1$/), 1);
    const made = await infra.engine.run(["pod", "create", "--network=none", "--infra-image", id]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(infra.proxy.seen.length, asked);
    const containers = await infra.engine.run(["ps", "--all", "--format={{.ImageID}}"]);
    assert.equal(containers.stdout.trim(), id.slice(0, 12));
  });

  test("is Podman's own where the operator names none", async () => {
    await using infra = await InfraRig.start();
    assert.equal(await infra.meet({}), undefined);
    assert.equal(await infra.meet({ infra_image: "" }), undefined);
    assert.deepEqual([infra.told, infra.proxy.seen], [[], []]);
  });

  test("has a time of its own, which the error names, and Podman's words where there is none", async () => {
    await using infra = await InfraRig.start();
    const silent = infra.proxy.fault(manifests, { kind: "silence" });
    const infra_image = `${infra.proxy.host}/pause:1`;
    await assert.rejects(
      infra.meet({ infra_image, infra_image_pull_timeout: "1s" }),
      { recoverable: true, message: `pull image ${infra_image}: not pulled within infra_image_pull_timeout (1 s)` },
    );
    silent.clear();
    await assert.rejects(infra.meet({ infra_image }), {
      recoverable: false,
      message: /manifest unknown.*; the registry has no such image; check name and tag$/,
    });
  });
});

test("an infra image outlives the clean-up of all other images, and a bad name is refused with the plugin's config", async () => {
  await using images = await ImageRig.start();
  for (const name of ["pause:1", "other:1"]) {
    await images.registry.publish(name, { mark: name });
    await images.run(images.at(name));
  }
  await images.setConfig({ infra_image: images.at("pause:1"), gc: { image: true, image_others: true, image_delay: "0s" } });
  const exists = (name: string): Promise<boolean> => images.podman.images.exists(images.at(name), AbortSignal.timeout(60_000));
  await until(async () => !(await exists("other:1")));
  await sleep(1500);
  assert.equal(await exists("pause:1"), true);
  await assert.rejects(images.setConfig({ infra_image: "Pause:1" }), {
    message: /config key infra_image: "Pause:1" has capital letters in its path; write pause:1/,
  });
});
