import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { DriverRig, FaultyRig, podmanError, until, type Fault, type FaultRule } from "@driver/testing";
import { AgentListener } from "./agent-listener.ts";
import { RiggedGroup } from "./group-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);
const calls: readonly (readonly [string, Omit<FaultRule, "fault">])[] = [
  ["look for the pod", { method: "GET", path: /^\/pods\/[^/]+\/json$/ }],
  ["create of the pod", { method: "POST", path: /^\/pods\/create$/ }],
  ["start of its infra container", { method: "POST", path: /^\/containers\/[^/]+\/start$/ }],
  ["look at its infra container", { method: "GET", path: /^\/containers\/[^/]+\/json$/ }],
];
const faults: readonly Fault[] = [podmanError("out of sorts"), { kind: "dropped" }, { kind: "lost-answer" }, { kind: "half-body" }];
const podConfig = { group_network: "pod", client_http_timeout: "3s" };

for (const [what, rule] of calls) {
  for (const fault of faults) {
    test(`makes a group's network though the first ${what} fails (${fault.kind})`, async () => {
      await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
      faulty.proxy.inject({ ...rule, fault, times: 1 });
      await using group = new RiggedGroup(faulty.rig);
      assert.equal(await group.createNetwork(), true);
      assert.equal((await group.pod())?.members.length, 1);
      await group.destroyNetwork();
      assert.equal(await group.pod(), undefined);
    });
  }

  test(`leaves nothing of a network whose ${what} keeps failing`, async () => {
    await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
    const active = faulty.proxy.inject({ ...rule, fault: podmanError("out of sorts") });
    await using group = new RiggedGroup(faulty.rig);
    await assert.rejects(group.createNetwork(), /out of sorts/);
    active.remove();
    assert.equal(await group.pod(), undefined);
  });
}

test("answers when Podman does not let go of a pod, and removes it once that answers", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
  await using group = await RiggedGroup.create(faulty.rig);
  const silence = faulty.proxy.inject({ fault: { kind: "hang" } });
  await group.destroyNetwork();
  assert.ok((await group.pod()) !== undefined, `${silence.hits} hits: ${faulty.rig.log}`);
  silence.remove();
  await until(async () => (await group.pod()) === undefined, 90_000);
});

/** Moments of a group's life at which the plugin is killed; what is begun there is broken off. */
const moments: readonly { readonly what: string; live(rig: DriverRig, group: RiggedGroup, nodeId: string): Promise<unknown> }[] = [
  {
    what: "while it makes the network",
    live: (_rig, group) => Promise.race([group.createNetwork(), new Promise((resolve) => setTimeout(resolve, 60))]),
  },
  { what: "once the network is made", live: (_rig, group) => group.createNetwork() },
  {
    what: "while a task starts",
    async live(rig, group, nodeId) {
      await group.createNetwork();
      const task = await rig.prepare({
        allocId: group.allocId,
        config: { command: "sleep", args: ["300"] },
        more: { nodeId, networkIsolation: group.spec },
      });
      await Promise.race([rig.startTask(task).catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 120))]);
    },
  },
  {
    what: "while a task runs",
    async live(rig, group, nodeId) {
      await group.createNetwork();
      await rig.runScript("sleep 300", { allocId: group.allocId, more: { nodeId, networkIsolation: group.spec } });
    },
  },
  {
    what: "while it removes the network",
    async live(rig, group, nodeId) {
      await group.createNetwork();
      const { config } = await rig.runScript("sleep 300", { allocId: group.allocId, more: { nodeId, networkIsolation: group.spec } });
      await rig.driver.destroyTask(config.id, { force: true }, soon());
      group.destroyNetwork().catch(() => undefined);
    },
  },
];

for (const { what, live } of moments) {
  test(`nothing is left of a group that Nomad has lost when the plugin is killed ${what}`, async () => {
    const quick = { period: "100ms", creation_grace: "1s" };
    await using rig = await DriverRig.start({ pluginConfig: { group_network: "pod", gc: { dangling_containers: quick } } });
    await using group = new RiggedGroup(rig);
    const nodeId = randomUUID();
    await live(rig, group, nodeId).catch(() => undefined);
    await rig.crash();
    await using kept = await RiggedGroup.create(rig);
    const witness = await rig.runScript("sleep 300", { allocId: kept.allocId, more: { nodeId, networkIsolation: kept.spec } });
    using _ = new AgentListener(rig);
    await until(async () => (await group.pod()) === undefined && (await containersOf(group.allocId)) === 0, 60_000);
    assert.equal((await kept.pod())?.members.length, 2);
    await rig.driver.destroyTask(witness.config.id, { force: true }, soon());
  });
}

async function containersOf(allocId: string): Promise<number> {
  return withPodman(
    async (podman) => (await podman.containers.list({ labels: [`nomad-driver-podman.alloc_id=${allocId}`] }, soon())).length,
  );
}
