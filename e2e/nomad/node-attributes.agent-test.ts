import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { startEngine, until } from "@driver/testing";
import { NomadAgent } from "./nomad-agent.ts";

// Disposed from its end: the agent goes before the engine.
const owned = new AsyncDisposableStack();
after(() => owned.disposeAsync());
const engine = owned.use(await startEngine({ folder: "/run/attributes-engine" }, AbortSignal.timeout(30_000)));
const cdiSpec = "/run/cdi/node-attributes.json";
await mkdir("/run/cdi", { recursive: true });
owned.defer(() => rm(cdiSpec, { force: true }));
const spec = { cdiVersion: "0.5.0", kind: "attributes.example/gpu", devices: [{ name: "one", containerEdits: { env: ["A=b"] } }] };
await writeFile(cdiSpec, JSON.stringify(spec));
const agent = owned.use(await NomadAgent.start({ name: "node-attributes", socketPath: engine.socketPath }));

const attribute = async (name: string): Promise<string | undefined> => (await agent.readHealth())?.attributes[`driver.podman.${name}`];

// Nomad keeps each attribute until it is told of as another, or as an empty one.
test("a service that is back has no attribute of its outage, nor of what it has lost", async () => {
  const version = await attribute("version");
  assert.deepEqual([await attribute("healthDescription"), await attribute("cdiDevices")], ["Healthy", "attributes.example/gpu=one"]);
  await engine.killService();
  await until(async () => (await attribute("health")) === "unhealthy");
  assert.match((await attribute("healthDescription")) ?? "", /cannot reach podman at \/run\/attributes-engine\/podman\.sock|was lost/);
  assert.equal(await attribute("version"), version);
  await rm(cdiSpec);
  await engine.reviveService();
  await until(async () => (await attribute("health")) === "healthy");
  const left = await Promise.all(["healthDescription", "version", "cdiDevices"].map(attribute));
  assert.deepEqual(left, ["Healthy", version, undefined]);
});
