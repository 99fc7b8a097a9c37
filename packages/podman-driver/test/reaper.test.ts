import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig, testSetting, until, type RiggedTask } from "@driver/testing";
import { AgentListener } from "./agent-listener.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const removal = { force: true, volumes: true, timeoutSeconds: 0 } as const;

/** A rig whose plugin looks for dangling containers often, and the id of a node that no other test has. */
function startRig(gc: Readonly<Record<string, HclValue>> = {}, dangling: Readonly<Record<string, HclValue>> = {}): Promise<DriverRig> {
  const quick = { period: "100ms", creation_grace: "1s" };
  return DriverRig.start({ pluginConfig: { gc: { ...gc, dangling_containers: { ...quick, ...dangling } } } });
}

test("removes what Nomad has lost of this node, and nothing else", async () => {
  await using rig = await startRig();
  const nodeId = randomUUID();
  const more = { nodeId };
  const lost = await rig.runScript("sleep 300", { more });
  const lostAndEnded = await rig.runScript("exit 0", { more });
  await rig.driver.waitTask(lostAndEnded.config.id, soon());
  const recovered = await rig.runScript("sleep 300", { more });
  const recoveredAndEnded = await rig.runScript("exit 5", { more });
  await rig.driver.waitTask(recoveredAndEnded.config.id, soon());
  const neighbour = await rig.runScript("sleep 300", { more: { nodeId: randomUUID() } });
  const strangers = await createStrangers(nodeId);
  await rig.crash();
  await rig.recover(recovered);
  await rig.recover(recoveredAndEnded);
  using _ = new AgentListener(rig);
  await until(async () => !(await exists(lost)) && !(await exists(lostAndEnded)));
  const started = await rig.runScript("sleep 300", { more });
  await until(async () => (await ageMs(started)) > 1500);
  for (const task of [recovered, recoveredAndEnded, neighbour, started]) assert.equal(await exists(task), true);
  assert.equal((await rig.driver.waitTask(recoveredAndEnded.config.id, soon())).exitCode, 5);
  assert.match(rig.log, new RegExp(`dangling container removed.*${lost.config.id}`));
  await removeStrangers(strangers);
  await rig.recover(neighbour);
});

test("removes a task that was started for an agent which has gone without a word about it, and forgets it", async () => {
  await using rig = await startRig();
  const more = { nodeId: randomUUID() };
  using former = new AgentListener(rig);
  await former.listens;
  const unheard = await rig.runScript("sleep 300", { more });
  const waitedFor = await rig.runScript("sleep 300", { more });
  const hangUp = new AbortController();
  const waiting = assert.rejects(rig.driver.waitTask(waitedFor.config.id, hangUp.signal));
  await until(async () => (await ageMs(waitedFor)) > 2000);
  assert.equal(await exists(unheard), true);
  hangUp.abort(new Error("the agent has gone"));
  await waiting;
  await former.leave();
  using _ = new AgentListener(rig);
  await until(async () => !(await exists(unheard)));
  // Podman has removed it a moment before the driver has heard so.
  const isKnown = (): Promise<boolean> => rig.driver.inspectTask(unheard.config.id, soon()).then(() => true, () => false);
  await until(async () => !(await isKnown()));
  await assert.rejects(rig.driver.waitTask(unheard.config.id, soon()), { code: "task-not-found" });
  assert.equal(await exists(waitedFor), true);
});

test("only says what it would remove in a dry run", async () => {
  await using rig = await startRig({}, { dry_run: true });
  const more = { nodeId: randomUUID() };
  const lost = await rig.runScript("sleep 300", { more });
  const known = await rig.runScript("sleep 300", { more });
  await rig.crash();
  await rig.recover(known);
  using _ = new AgentListener(rig);
  await until(() => rig.log.split("would be removed").length > 3);
  assert.match(rig.log, new RegExp(`would be removed.*${lost.config.id}`));
  assert.doesNotMatch(rig.log, new RegExp(`would be removed.*${known.config.id}`));
  assert.equal(await exists(lost), true);
  await rig.recover(lost);
});

test("spares containers that gc.container = false has kept, and removes lost ones that run", async () => {
  await using rig = await startRig({ container: false });
  const more = { nodeId: randomUUID() };
  const kept = await rig.runScript("exit 0", { more });
  await rig.driver.waitTask(kept.config.id, soon());
  await rig.driver.destroyTask(kept.config.id, { force: true }, soon());
  const lost = await rig.runScript("sleep 300", { more });
  const known = await rig.runScript("sleep 300", { more });
  await rig.crash();
  await rig.recover(known);
  using _ = new AgentListener(rig);
  await until(async () => !(await exists(lost)));
  assert.equal(await exists(kept), true);
  await rig.driver.destroyTask(known.config.id, { force: true }, soon());
  await removeStrangers([`task-${kept.config.allocId}`, `task-${known.config.allocId}`]);
});

test("touches nothing while no agent listens", async () => {
  await using rig = await startRig();
  const more = { nodeId: randomUUID() };
  const lost = await rig.runScript("sleep 300", { more });
  await rig.crash();
  const known = await rig.runScript("sleep 300", { more });
  // Old enough for a look a period later to take it.
  await until(async () => (await ageMs(known)) > 1500);
  assert.equal(await exists(lost), true);
  using _ = new AgentListener(rig);
  await until(async () => !(await exists(lost)));
});

test("removes nothing when it is switched off", async () => {
  await using rig = await startRig({}, { enabled: false });
  const more = { nodeId: randomUUID() };
  const lost = await rig.runScript("sleep 300", { more });
  await rig.crash();
  const known = await rig.runScript("sleep 300", { more });
  using _ = new AgentListener(rig);
  await until(async () => (await ageMs(known)) > 2000);
  assert.equal(await exists(lost), true);
  await rig.recover(lost);
});

/** Containers that this driver did not make, though one looks a little like it. */
async function createStrangers(nodeId: string): Promise<string[]> {
  const labels = [
    {},
    { "nomad-driver-podman.node_id": nodeId },
    { "com.hashicorp.nomad.node_id": nodeId, "com.hashicorp.nomad.alloc_id": randomUUID() },
  ];
  return withPodman((podman) =>
    Promise.all(
      labels.map(
        async (each) =>
          (
            await podman.containers.create(
              { image: testSetting("TEST_IMAGE"), command: ["sleep", "300"], netns: { nsmode: "none" }, labels: each },
              soon(),
            )
          ).id,
      ),
    ),
  );
}

async function removeStrangers(containers: readonly string[]): Promise<void> {
  const removed = await withPodman((podman) =>
    Promise.all(containers.map((container) => podman.containers.remove(container, removal, soon()))),
  );
  assert.ok(removed.every(Boolean), "a stranger's container was removed");
}

async function exists(task: RiggedTask): Promise<boolean> {
  return (await createdAt(task)) !== undefined;
}

async function ageMs(task: RiggedTask): Promise<number> {
  return Date.now() - ((await createdAt(task))?.getTime() ?? Number.NaN);
}

async function createdAt(task: RiggedTask): Promise<Date | undefined> {
  return withPodman(async (podman) => (await podman.containers.inspect(`task-${task.config.allocId}`, soon()))?.createdAt);
}
