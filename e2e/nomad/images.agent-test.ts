import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { registryLogin, RegistryProxy, requestEngine, TestRegistry, testSetting, until } from "@driver/testing";
import { findEvent } from "./allocation.ts";
import { startTask, untilReleased, type LiveAllocation } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

const megabyte = 1_000_000;
const blobs = /GET .*\/blobs\//;
const removalTimeoutMs = 60_000;
const insecure = "auth {\n          tls_verify = false\n        }";

const registry = await TestRegistry.start({ hasLogin: true });
const proxy = await RegistryProxy.start(registry.host);
const authPath = join(testSetting("TEST_SCRATCH"), "agent-auth.json");
const auth = Buffer.from(`${registryLogin.username}:${registryLogin.password}`).toString("base64");
await writeFile(authPath, JSON.stringify({ auths: { [proxy.host]: { auth } } }));
const agent = await NomadAgent.start({
  name: "images",
  pluginConfig: `auth {\n      config = "${authPath}"\n    }\n    gc {\n      image       = true\n      image_delay = "2s"\n    }`,
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

async function hasImage(image: string): Promise<boolean> {
  const path = `/images/${encodeURIComponent(image)}/exists`;
  return (await requestEngine(agent.socketPath, { method: "GET", path, signal: AbortSignal.timeout(20_000) })).status === 204;
}

async function purge(task: LiveAllocation): Promise<void> {
  await agent.api.delete(`/v1/job/${task.jobName}?purge=true`);
}

test("an image comes with the operator's login, is told of in alloc status, and goes when its job is purged", async () => {
  await registry.publish("far:1", { mark: "far", layerBytes: [5 * megabyte] });
  const slow = proxy.fault(blobs, { kind: "slow", bytesPerSecond: 450_000 });
  const image = `${proxy.host}/far:1`;
  const task = await startTask(agent, { name: "far", type: "service", image, config: insecure, script: `cat /mark; ${untilReleased}` });
  await task.untilPrinted("far");
  slow.clear();
  let shown = "";
  // The server has a client's events some time after they are told.
  await until(async () => (shown = (await agent.run(["alloc", "status", task.id])).stdout.toString()).includes("Pulled image"));
  assert.match(shown, new RegExp(`Pulling image ${image}\\n`));
  assert.match(shown, new RegExp(`Pulling image ${image}: \\d layers? begun, [\\d.]+ [kM]B so far, \\d+ s`));
  assert.match(shown, new RegExp(`Pulled image ${image}: [\\d.]+ MB on disk, \\d+ s`));
  assert.equal(await hasImage(image), true);
  await purge(task);
  await until(async () => !(await hasImage(image)), removalTimeoutMs);
});

test("a job's own login goes before the operator's, and one that is not taken ends the allocation in the registry's words", async () => {
  await registry.publish("own:1", { mark: "own" });
  const image = `${proxy.host}/own:1`;
  const login = (password: string): string =>
    insecure.replace("tls_verify", `username = "${registryLogin.username}"\n          password = "${password}"\n          tls_verify`);
  const refused = await startTask(agent, { name: "refused", image, config: login("wrong"), script: "cat /mark" });
  await until(async () => (await refused.report()).status === "failed");
  assert.match(findEvent(await refused.report(), "Driver Failure")?.message ?? "", /does not take these credentials for this image$/);
  const taken = await startTask(agent, { name: "taken", image, config: login(registryLogin.password), script: "cat /mark" });
  assert.equal((await taken.untilExit()).code, 0);
});

for (const { name, killsAgent, killsPlugin } of [
  { name: "plugin", killsAgent: false, killsPlugin: true },
  { name: "agent", killsAgent: true, killsPlugin: false },
  { name: "agent and its plugin", killsAgent: true, killsPlugin: true },
]) {
  test(`a task whose ${name} is killed in the middle of its pull starts all the same, once`, async () => {
    const tag = name.replaceAll(" ", "-");
    await registry.publish(`${tag}:1`, { mark: tag, layerBytes: [3 * megabyte] });
    const image = `${proxy.host}/${tag}:1`;
    const slow = proxy.fault(blobs, { kind: "slow", bytesPerSecond: 200_000 });
    const before = proxy.count(blobs);
    const task = await startTask(agent, {
      name: `kill-${tag}`,
      image,
      config: insecure,
      script: `echo started >>/alloc/data/starts; cat /mark; ${untilReleased}; exit 7`,
    });
    await until(() => proxy.count(blobs) > before);
    if (killsAgent) {
      await agent.kill();
      if (killsPlugin) for (const pid of agent.pluginPids()) process.kill(pid, "SIGKILL");
      slow.clear();
      await agent.launch();
    } else {
      await agent.killPlugin();
      slow.clear();
    }
    await task.untilPrinted(tag);
    assert.equal((await task.readData("starts")).toString(), "started\n");
    await task.release();
    assert.deepEqual(await task.untilExit(), { code: 7, signal: 0, oomKilled: false, restarts: 0 });
    await purge(task);
    await until(async () => !(await hasImage(image)), removalTimeoutMs);
  });
}

test("no login is in the agent's log", async () => {
  const log = await agent.readLog();
  assert.ok(log.includes(`${proxy.host}/far:1`), "nothing of images is in it");
  for (const secret of [registryLogin.password, auth]) assert.ok(!log.includes(secret));
});
