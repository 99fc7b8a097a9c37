import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, readlink } from "node:fs/promises";
import { test } from "node:test";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, runProcess, until, type RiggedTask } from "@driver/testing";
import { commitImage } from "./committed-image.ts";
import { RiggedGroup } from "./group-rig.ts";
import { inspectTask, netnsOf } from "./network-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);

function startRig(pluginConfig: Readonly<Record<string, HclValue>> = {}): Promise<DriverRig> {
  return DriverRig.start({ pluginConfig: { group_network: "pod", ...pluginConfig } });
}

async function exec(rig: DriverRig, task: RiggedTask, script: string): Promise<string> {
  const { stdout, stderr, result } = await rig.driver.execTask(
    task.config.id,
    { command: ["sh", "-c", script], timeoutMs: 30_000 },
    soon(),
  );
  assert.equal(result.exitCode, 0, `${Buffer.from(stderr).toString()}${Buffer.from(stdout).toString()}`);
  return Buffer.from(stdout).toString().trim();
}

/** A task's host name, and the address that /etc/hosts gives it first. */
// As texts: an allocation's name may read as a number, such as 21e84302.
const ownName = `n=$(hostname); echo $n $(awk -v n=$n '$2 "" == n "" { print $1; exit }' /etc/hosts)`;

test("gives a group one pod, whose network, host name and 127.0.0.1 its tasks share, and removes it with the group", async () => {
  await using rig = await startRig();
  assert.equal((await rig.driver.capabilities(soon())).mustCreateNetwork, true);
  await using group = new RiggedGroup(rig);
  assert.equal(await group.createNetwork("shop"), true);
  const { allocId, spec } = group;
  assert.equal(await group.createNetwork("shop"), false);
  assert.deepEqual(group.spec, spec);
  const more = { networkIsolation: group.toIsolation("192.0.2.77") };
  const web = await rig.runScript("echo hello from web >/tmp/index.html; exec httpd -f -p 127.0.0.1:8080 -h /tmp", {
    allocId,
    name: "web",
    more,
  });
  const client = await rig.runScript("sleep 300", { allocId, name: "client", more });
  const own = await rig.runScript("sleep 300", {
    allocId,
    name: "own",
    more,
    config: { hostname: "mine", ipc_mode: "private", dns_servers: ["192.0.2.53"] },
  });
  const netns = (await runProcess("readlink", [spec.path], { signal: soon() })).stdout.trim();
  assert.deepEqual(await Promise.all([web, client, own].map(netnsOf)), [netns, netns, netns]);
  const ipcs = await Promise.all([web, client, own].map(async (task) => readlink(`/proc/${(await inspectTask(task)).state.pid}/ns/ipc`)));
  assert.equal(new Set(ipcs).size, 3);
  await until(async () => (await exec(rig, client, "wget -qO- http://127.0.0.1:8080/ || true")) === "hello from web");
  assert.equal(await exec(rig, client, `${ownName}; grep -c shop /etc/hosts`), "shop 192.0.2.77\n1");
  assert.match(
    await exec(rig, own, `${ownName}; grep shop /etc/hosts; cat /etc/resolv.conf`),
    /^mine 192\.0\.2\.77\n192\.0\.2\.77\s+shop\nnameserver 192\.0\.2\.53$/,
  );
  const pod = (await group.pod()) ?? assert.fail("no pod");
  const members = pod.members.map(({ name, status }) => `${name} ${status}`).toSorted();
  assert.deepEqual(
    members,
    [...["client", "own", "web"].map((name) => `${name}-${allocId} running`), `${pod.id.slice(0, 12)}-infra running`].toSorted(),
  );
  for (const { config } of [web, client, own]) await rig.driver.destroyTask(config.id, { force: true }, soon());
  await group.destroyNetwork();
  assert.equal(await group.pod(), undefined);
  await group.destroyNetwork();
});

/** Where the kernel has the group of a task's processes, by each controller: without the last part, which is the container's own. */
async function cgroupParentsOf(task: RiggedTask): Promise<readonly string[]> {
  const text = await readFile(`/proc/${(await inspectTask(task)).state.pid}/cgroup`, "utf8");
  return text.trim().split("\n").map((line) => line.replace(/^\d+:/, "").replace(/\/[^/]*$/, "")).toSorted();
}

test("a task in a group's pod is in the cgroup that it is in without one, and none is made for the pod", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig);
  const { allocId } = group;
  const member = await rig.runScript("sleep 300", { allocId, more: { networkIsolation: group.toIsolation("192.0.2.77") } });
  const alone = await rig.runScript("sleep 300", { name: "alone" });
  const parents = await cgroupParentsOf(member);
  assert.ok(parents.length > 0);
  assert.deepEqual(parents, await cgroupParentsOf(alone));
  const { id } = (await group.pod()) ?? assert.fail("no pod");
  assert.ok(!parents.join().includes(id), parents.join());
  for (const { config } of [member, alone]) await rig.driver.destroyTask(config.id, { force: true }, soon());
  await group.destroyNetwork();
});

test("tasks that start again find their group's network and pod as they left it", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig);
  const { allocId } = group;
  const more = { networkIsolation: group.toIsolation("192.0.2.77") };
  const first = await rig.runScript("sleep 300", { allocId, more });
  const netns = await netnsOf(first);
  await rig.driver.destroyTask(first.config.id, { force: true }, soon());
  const again = { ...first, config: { ...first.config, id: `${allocId}/task/${randomUUID().slice(0, 8)}` } };
  await rig.startTask(again);
  assert.equal(await netnsOf(again), netns);
  await rig.crash();
  await rig.recover(again);
  assert.equal(await exec(rig, again, ownName), `${allocId.slice(0, 8)} 192.0.2.77`);
  assert.equal((await group.pod())?.members.length, 2);
  await rig.driver.destroyTask(again.config.id, { force: true }, soon());
});

test("refuses to start a task in a network whose infra container has ended, and makes the pod another one", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig);
  const { allocId, spec } = group;
  const task = await rig.prepare({ allocId, more: { networkIsolation: spec }, config: { command: "sleep", args: ["300"] } });
  await withPodman(async (podman) => podman.containers.stop((await group.pod())?.infraId ?? "", { timeoutSeconds: 0 }, soon()));
  await assert.rejects(rig.startTask(task), {
    message: /the infra container [0-9a-f]{12} of the group's pod has ended, and the group's network with it/,
    recoverable: true,
  });
  assert.equal(await group.createNetwork(), true);
  assert.notEqual(group.spec.path, spec.path);
  const second = await rig.runScript("sleep 300", { allocId, name: "second", more: { networkIsolation: group.toIsolation() } });
  assert.equal(await exec(rig, second, ownName), `${allocId.slice(0, 8)} 127.0.0.1`);
});

test("holds the network with the operator's infra image, which has to run by itself", async () => {
  const entrypoint = ["sh", "-c", "exec sleep 1000"];
  await using pause = await commitImage("pause-stand-in", entrypoint);
  await using rig = await startRig({ infra_image: pause.image });
  await using group = await RiggedGroup.create(rig);
  const infra = await withPodman(async (podman) => podman.containers.inspect((await group.pod())?.infraId ?? "", soon()));
  // Podman 4.3 joins the words in its answer.
  assert.deepEqual([infra?.config.entrypoint.join(" "), infra?.state.running], [entrypoint.join(" "), true]);
});

test("makes no network whose infra container has ended by the time that it is looked at", async () => {
  await using fleeting = await commitImage("fleeting-stand-in", ["sh", "-c", "exit 7"]);
  await using faulty = await FaultyRig.start({ pluginConfig: { group_network: "pod", infra_image: fleeting.image } });
  await using group = new RiggedGroup(faulty.rig);
  const ended = Promise.withResolvers<void>();
  const look = faulty.proxy.inject({ fault: { kind: "held", until: ended.promise }, method: "GET", path: /^\/containers\/[^/]+\/json$/ });
  const creation = assert.rejects(
    group.createNetwork(),
    /has ended as soon as it was started, with exit code 7; infra_image must name an image that runs by/,
  );
  await until(() => look.hits > 0);
  const { infraId } = (await group.pod()) ?? assert.fail("no pod");
  await until(() => withPodman(async ({ containers }) => (await containers.inspect(infraId, soon()))?.state.status === "exited"));
  ended.resolve();
  await creation;
  assert.equal(await group.pod(), undefined);
});

test("connects a network where the host leaves that to the driver, and tells its address", async () => {
  await using rig = await DriverRig.start();
  await using group = new RiggedGroup(rig);
  const ports = [{ label: "http", hostPort: 18_098, to: 8080, hostIp: "127.0.0.1" }];
  await group.createNetwork("shop", { ports });
  const script = `${ownName}; echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp`;
  const task = await rig.runScript(script, { allocId: group.allocId, more: { networkIsolation: group.spec } });
  await task.stdout.until((text) => text === `shop ${group.spec.hosts?.address}\n`);
  await until(async () => (await fetch("http://127.0.0.1:18098/").then((answer) => answer.text(), () => "")) === "hello\n");
  await using other = new RiggedGroup(rig);
  await assert.rejects(
    other.createNetwork("", { ports }),
    /port "http" of the group \(18098\/(tcp|udp)\) cannot be published: container \w+-infra has it/,
  );
  assert.equal(await other.pod(), undefined);
});

test("does not take a pod of its name that it has not made", async () => {
  await using rig = await startRig();
  await using group = new RiggedGroup(rig);
  const id = await withPodman((podman) => podman.pods.create({ name: `nomad-${group.allocId}-group`, netns: { nsmode: "none" } }, soon()));
  await assert.rejects(group.createNetwork(), /the pod name nomad-.*-group is taken by a pod that this driver has not made/);
  await group.destroyNetwork();
  assert.equal((await group.pod())?.id, id);
});

test("a task with ids of its own joins the group's network without its pod", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  const config = { userns: "private", uidmap: ["0:100000:65536"] };
  const task = await rig.runScript("hostname; exec sleep 300", { allocId: group.allocId, more: { networkIsolation: group.spec }, config });
  await task.stdout.until((text) => text === "shop\n");
  assert.equal((await group.pod())?.members.length, 1);
});

test("a task in a namespace of the host finds its own name", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig);
  const task = await rig.runScript("sleep 300", { config: { network_mode: `ns:${group.spec.path}` } });
  assert.equal(await exec(rig, task, ownName), `${task.config.allocId.slice(0, 8)} 127.0.0.1`);
});

test("leaves the networks of groups to Nomad by default", async () => {
  await using rig = await DriverRig.start();
  assert.equal((await rig.driver.capabilities(soon())).mustCreateNetwork, false);
  await assert.rejects(new RiggedGroup(rig).createNetwork(), /CreateNetwork RPC not supported by driver/);
});

test("keeps the containers of a group's tasks where the operator says so, and ends its network", async () => {
  await using rig = await startRig({ gc: { container: false } });
  await using group = await RiggedGroup.create(rig);
  const task = await rig.runScript("exit 0", { allocId: group.allocId, more: { networkIsolation: group.spec } });
  await rig.driver.waitTask(task.config.id, soon());
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  await group.destroyNetwork();
  assert.equal((await inspectTask(task)).state.running, false);
  // "stopped" until Podman's clean-up after the infra container is done.
  await until(async () => (await group.pod())?.members.every(({ status }) => status !== "stopped") ?? true);
  assert.deepEqual((await group.pod())?.members.map(({ status }) => status), ["exited", "exited"]);
});
