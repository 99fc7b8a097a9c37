import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DriverRig, SeededRandom, until } from "@driver/testing";
import { AgentListener } from "./agent-listener.ts";
import { RiggedGroup } from "./group-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(240_000);
const allocationCount = 20;
const quickSearch = { gc: { dangling_containers: { period: "500ms", creation_grace: "2s" } } };

/** Lives an allocation with two tasks, as far as the plugin does: its calls may be broken off anywhere. */
async function live(rig: DriverRig, group: RiggedGroup, nodeId: string, random: SeededRandom): Promise<void> {
  await group.createNetwork();
  const more = { nodeId, networkIsolation: group.spec };
  const tasks = [];
  for (const name of ["a", "b"]) tasks.push(await rig.runScript("sleep 300", { allocId: group.allocId, name, more }));
  await sleep(random.between(0, 1000));
  for (const { config } of tasks) await rig.driver.destroyTask(config.id, { force: true }, soon());
  await group.destroyNetwork();
}

test("nothing is left of 20 allocations with pods whose plugin is killed at random", { timeout: 280_000 }, async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  await using rig = await DriverRig.start({ pluginConfig: { group_network: "pod", ...quickSearch } });
  await using owned = new AsyncDisposableStack();
  const nodeId = randomUUID();
  const groups = Array.from({ length: allocationCount }, () => owned.use(new RiggedGroup(rig)));
  for (let first = 0; first < allocationCount; first += 4) {
    const lives = groups.slice(first, first + 4).map((group) => live(rig, group, nodeId, random.fork()).catch(() => undefined));
    if (random.chance(0.7)) {
      await sleep(random.between(0, 3000));
      await rig.crash();
    }
    await Promise.all(lives);
  }
  // Tells the last plugin its node.
  await using kept = await RiggedGroup.create(rig);
  await rig.runScript("sleep 300", { allocId: kept.allocId, more: { nodeId, networkIsolation: kept.spec } });
  using _ = new AgentListener(rig);
  await until(async () => (await countLeft(groups)) === 0, 120_000);
  assert.equal((await kept.pod())?.members.length, 2);
});

async function countLeft(groups: readonly RiggedGroup[]): Promise<number> {
  const pods = await Promise.all(groups.map((group) => group.pod()));
  const known = new Set<string>(groups.map(({ allocId }) => allocId));
  const listed = await withPodman((podman) => podman.containers.list({ labels: ["nomad-driver-podman.alloc_id"] }, soon()));
  const containers = listed.filter(({ labels }) => known.has(labels["nomad-driver-podman.alloc_id"] ?? ""));
  return pods.filter((pod) => pod !== undefined).length + containers.length;
}
