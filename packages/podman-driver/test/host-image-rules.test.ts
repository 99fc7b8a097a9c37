import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startEngine } from "@driver/testing";
import { ImageRig } from "./image-rig.ts";

const folder = "/run/ruled-engine";

/** What the host's administrator says of registries: one has a mirror, one is blocked, and images of one place are rejected. */
async function writeRules(registry: string): Promise<void> {
  const place = `location = ${JSON.stringify(registry)}\ninsecure = true\n`;
  const mirrored = `[[registry]]\nlocation = "mirrored.example"\n[[registry.mirror]]\n${place}`;
  await writeFile(join(folder, "registries.conf"), `${mirrored}\n[[registry]]\nlocation = "blocked.example"\nblocked = true\n`);
  const containers = join(folder, "home/.config/containers");
  await mkdir(containers, { recursive: true });
  const transports = { docker: { [`${registry}/rejected`]: [{ type: "reject" }] } };
  await writeFile(join(containers, "policy.json"), JSON.stringify({ default: [{ type: "insecureAcceptAnything" }], transports }));
}

test("pulls as the host's registries.conf and policy.json say, and tells Podman's words where they forbid it", async () => {
  await using engine = await startEngine({ folder }, AbortSignal.timeout(60_000));
  await using images = await ImageRig.start({ socketPath: engine.socketPath });
  const { host } = images.registry;
  await writeRules(host);
  for (const name of ["app:1", "rejected:1"]) await images.registry.publish(name, { mark: name });
  assert.match(await images.run("mirrored.example/app:1"), /^app:1/);
  assert.match((await images.failure("blocked.example/app:1")).message, /registry blocked\.example is blocked in [^]*registries\.conf/);
  assert.match((await images.failure(`${host}/rejected:1`)).message, /Running image [^]*rejected:1 is rejected by policy/);
  assert.match(await images.run(`${host}/app:1`), /^app:1/);
});

test("takes a short name from where registries.conf looks, and a whole one behind docker:// and https://", async () => {
  await using engine = await startEngine({ folder: "/run/short-engine" }, AbortSignal.timeout(60_000));
  await using images = await ImageRig.start({ socketPath: engine.socketPath });
  const { host } = images.registry;
  const registry = `[[registry]]\nlocation = ${JSON.stringify(host)}\ninsecure = true\n`;
  await writeFile("/run/short-engine/registries.conf", `unqualified-search-registries = [${JSON.stringify(host)}]\n${registry}`);
  for (const name of ["short:1", "other:latest"]) await images.registry.publish(name, { mark: name });
  assert.match(await images.run("short:1"), /^short:1/);
  assert.match(await images.run("other"), /^other:latest/);
  assert.equal(await images.imageId("short:1"), await images.imageId(`${host}/short:1`));
  for (const before of ["docker://", "https://"]) {
    assert.match(await images.run(`${before}${host}/other`, { force_pull: true }), /^other:latest/);
  }
  const unknown = await images.failure("nobody-has-this:1");
  assert.equal(unknown.recoverable, false, unknown.message);
});
