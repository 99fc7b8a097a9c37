import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { DriverRig, FaultyRig, podmanError, until, type Fault, type FaultRule } from "@driver/testing";
import { AgentListener } from "./agent-listener.ts";
import { RiggedGroup } from "./group-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);
const calls: readonly (readonly [string, Omit<FaultRule, "fault">])[] = [
  ["create of the pod", { method: "POST", path: /^\/pods\/create$/ }],
  ["start of its infra container", { method: "POST", path: /^\/containers\/[^/]+\/start$/ }],
  ["look at its infra container", { method: "GET", path: /^\/containers\/[^/]+\/json$/ }],
];
const lookForPod = { method: "GET", path: /^\/pods\/[^/]+\/json$/ } as const;
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

for (const fault of faults) {
  test(`uses the pod that is there, and removes it, though the first look for it fails (${fault.kind})`, async () => {
    await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
    await using group = await RiggedGroup.create(faulty.rig);
    const { spec } = group;
    const looks = [faulty.proxy.inject({ ...lookForPod, fault, times: 1 })];
    assert.equal(await group.createNetwork(), false);
    assert.deepEqual(group.spec, spec);
    looks.push(faulty.proxy.inject({ ...lookForPod, fault, times: 1 }));
    await group.destroyNetwork();
    assert.equal(await group.pod(), undefined);
    assert.deepEqual(looks.map(({ hits }) => hits), [1, 1]);
  });
}

for (const [what, rule] of [...calls, ["look for it", lookForPod] as const]) {
  test(`leaves a pod that is there as it is, though the ${what} keeps failing`, async () => {
    await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
    await using group = await RiggedGroup.create(faulty.rig);
    const found = await group.pod();
    const active = faulty.proxy.inject({ ...rule, fault: podmanError("out of sorts") });
    await assert.rejects(group.createNetwork(), { name: "DriverError" });
    assert.ok(active.hits > 0);
    active.remove();
    assert.deepEqual(await group.pod(), found);
  });
}

test("removes a pod of which nobody was told, as the answers to its create and to the looks for it are lost", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
  const [, create] = calls.find(([what]) => what === "create of the pod") ?? assert.fail("no such call");
  faulty.proxy.inject({ ...create, fault: { kind: "lost-answer" }, times: 1 });
  // The driver asks four times within its 3 s at most, and then tries to leave nothing.
  const looks = faulty.proxy.inject({ ...lookForPod, fault: podmanError("out of sorts"), times: 5 });
  await using group = new RiggedGroup(faulty.rig);
  await assert.rejects(group.createNetwork(), /out of sorts/);
  assert.equal(looks.hits, 5);
  assert.equal(await group.pod(), undefined);
});

test("finds the infra container of a Podman that calls it otherwise", async () => {
  await using faulty = await FaultyRig.start({ pluginConfig: podConfig });
  const fault = podmanError("no such container", 404);
  faulty.proxy.inject({ method: "POST", path: /^\/containers\/[0-9a-f]{12}-infra\/start$/, fault });
  await using group = new RiggedGroup(faulty.rig);
  assert.equal(await group.createNetwork(), true);
  const { infraId, members } = (await group.pod()) ?? assert.fail("no pod");
  assert.equal(group.spec.labels["nomad-driver-podman.infra_id"], infraId);
  assert.deepEqual(members.map(({ status }) => status), ["running"]);
});

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
