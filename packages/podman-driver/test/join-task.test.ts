import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readlink } from "node:fs/promises";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { encodeMsgpack, type TaskConfig } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, RecordedEvents, testSetting, until, type RiggedTask } from "@driver/testing";
import { inspectTask, netnsOf } from "./network-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A task of an allocation that shares its folders. */
function inAllocation(
  rig: DriverRig,
  allocId: string,
  name: string,
  config: Readonly<Record<string, string | readonly string[]>>,
): Promise<RiggedTask> {
  return rig.prepare({ allocId, name, config: { command: "sleep", args: ["60"], network_mode: "bridge", ...config } });
}

/** What Nomad asks for when it starts a task again: the same but for its id. */
function anew(task: RiggedTask, config: Readonly<Record<string, string | readonly string[]>>): TaskConfig {
  const driverConfig = encodeMsgpack({ image: testSetting("TEST_IMAGE"), command: "sleep", args: ["60"], ...config });
  return { ...task.config, id: `${task.config.allocId}/${task.config.name}/${randomUUID().slice(0, 8)}`, driverConfig };
}

/** A container of that name that this driver has not made. */
async function strangerOf(name: string): Promise<AsyncDisposable & { readonly id: string }> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const { id } = await podman.containers.create({ name, image: testSetting("TEST_IMAGE"), command: ["sleep", "60"] }, soon());
  return {
    id,
    async [Symbol.asyncDispose]() {
      await podman.containers.remove(id, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
      podman.close();
    },
  };
}

async function nameOf(task: TaskConfig): Promise<string> {
  return await withPodman(async (podman) => (await podman.containers.inspect(`${task.name}-${task.allocId}`, soon()))?.id ?? "none");
}

const namespaces = [
  { key: "ipc_mode", name: "ipc", own: "shareable" },
  { key: "pid_mode", name: "pid", own: "private" },
  { key: "uts_mode", name: "uts", own: "private" },
  { key: "cgroupns", name: "cgroup", own: "private" },
  { key: "userns", name: "user", own: "private" },
] as const;

/** The keys of a task that owns all of these, and of one that joins them. */
function keysOf(mode: string | undefined): Readonly<Record<string, string | readonly string[]>> {
  const keys = Object.fromEntries(namespaces.map(({ key, own }) => [key, mode ?? own]));
  return mode === undefined ? { ...keys, uidmap: ["0:700000:65536"] } : keys;
}

/** The network interfaces that a task sees. */
async function linksOf(rig: DriverRig, task: RiggedTask): Promise<readonly string[]> {
  const { stdout } = await rig.driver.execTask(task.config.id, { command: ["ls", "/sys/class/net"], timeoutMs: 60_000 }, soon());
  return Buffer.from(stdout).toString().trim().split("\n");
}

/** What the kernel calls the namespaces of a task's first process. */
async function namespacesOf(task: RiggedTask): Promise<readonly string[]> {
  const { pid } = (await inspectTask(task)).state;
  return Promise.all(namespaces.map(({ name }) => readlink(`/proc/${pid}/ns/${name}`)));
}

for (const mode of ["task:server", "container:server-ALLOC"]) {
  test(`joins every other namespace of another task with ${mode}, also when that starts later, and again after its restart`, async () => {
    await using rig = await DriverRig.start();
    const allocId = randomUUID();
    const joins = keysOf(mode.replace("ALLOC", allocId));
    const client = await inAllocation(rig, allocId, "client", joins);
    const server = await inAllocation(rig, allocId, "server", keysOf(undefined));
    const starting = rig.startTask(client);
    // Else its end with the rig, which is earlier, would hide why the other does not start.
    starting.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await nameOf(client.config), "none");
    await rig.startTask(server);
    await starting;
    assert.deepEqual(await namespacesOf(client), await namespacesOf(server));

    await rig.driver.stopTask(server.config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
    await rig.driver.destroyTask(server.config.id, { force: false }, soon());
    const serverAgain = anew(server, { network_mode: "bridge", ...keysOf(undefined) });
    const restarting = rig.driver.startTask(serverAgain, soon());
    await rig.driver.waitTask(client.config.id, soon());
    await rig.driver.destroyTask(client.config.id, { force: false }, soon());
    await restarting;
    const clientAgain = anew(client, { network_mode: "bridge", ...joins });
    await rig.driver.startTask(clientAgain, soon());
    assert.deepEqual(await namespacesOf(client), await namespacesOf(server));
    for (const { id } of [clientAgain, serverAgain]) await rig.driver.destroyTask(id, { force: true }, soon());
  });
}

for (const { key } of namespaces) {
  test(`${key} joins no container that is none of the allocation's, and says so`, async () => {
    await using rig = await DriverRig.start();
    const allocId = randomUUID();
    await using stranger = await strangerOf(`server-${allocId}`);
    const client = await inAllocation(rig, allocId, "client", { [key]: "task:server" });
    const message = new RegExp(
      `config key ${key}: the container server-${allocId} is no task of this allocation, it is container ` +
        `${stranger.id.slice(0, 12)}, which Nomad did not start`,
    );
    await assert.rejects(rig.driver.startTask(client.config, soon()), { message });
  });
}

for (const mode of ["task:server", "container:server-ALLOC"]) {
  test(`joins the network of another task with ${mode}, also when that starts later`, async () => {
    await using rig = await DriverRig.start();
    const allocId = randomUUID();
    const client = await inAllocation(rig, allocId, "client", { network_mode: mode.replace("ALLOC", allocId) });
    const server = await inAllocation(rig, allocId, "server", {});
    let isUp = false;
    const starting = rig.startTask(client).then(() => (isUp = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(isUp, false);
    await rig.startTask(server);
    await starting;
    assert.equal(await netnsOf(client), await netnsOf(server));
  });
}

test("joins again after a restart of the task itself, and of the other, whose restart ends it", async () => {
  await using rig = await DriverRig.start();
  const allocId = randomUUID();
  const server = await inAllocation(rig, allocId, "server", {});
  await rig.startTask(server);
  const client = await inAllocation(rig, allocId, "client", { network_mode: "task:server" });
  await rig.startTask(client);
  const first = await nameOf(server.config);
  // The joined task ends and is destroyed, as before a restart: Podman keeps its container for the other's sake.
  await rig.driver.stopTask(server.config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
  await rig.driver.destroyTask(server.config.id, { force: false }, soon());
  assert.equal(await nameOf(server.config), first);
  const ended = rig.driver.waitTask(client.config.id, soon());
  const serverAgain = anew(server, { network_mode: "bridge" });
  const restarting = rig.driver.startTask(serverAgain, soon());
  const { exitCode } = await ended;
  assert.ok(exitCode !== 0, `exit code ${exitCode}`);
  await rig.driver.destroyTask(client.config.id, { force: false }, soon());
  await restarting;
  assert.notEqual(await nameOf(server.config), first);
  const clientAgain = anew(client, { network_mode: "task:server" });
  await rig.driver.startTask(clientAgain, soon());
  assert.equal(await netnsOf(client), await netnsOf(server));
  assert.equal((await inspectTask(server)).state.running, true);
  for (const { id } of [clientAgain, serverAgain]) await rig.driver.destroyTask(id, { force: true }, soon());
});

const endOfServer = /^Task "server", whose network this task has joined, has ended, and the addresses and ports of that network with it/;

test("tells a task once that the one has ended whose network it has joined, and no other task", async () => {
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const allocId = randomUUID();
  const server = await inAllocation(rig, allocId, "server", {});
  const other = await inAllocation(rig, allocId, "other", {});
  const client = await inAllocation(rig, allocId, "client", { network_mode: "task:server" });
  for (const task of [other, server, client]) await rig.startTask(task);
  await rig.driver.stopTask(server.config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
  const told = (): readonly string[] => events.all.filter(({ message }) => endOfServer.test(message)).map(({ taskName }) => taskName);
  await until(() => told().length > 0);
  // Podman cleans up when the end has been told.
  await until(async () => (await linksOf(rig, client)).join() === "lo", 60_000);
  await rig.driver.destroyTask(server.config.id, { force: true }, soon());
  await rig.driver.destroyTask(client.config.id, { force: true }, soon());
  assert.deepEqual(told(), ["client"]);
});

for (const [when, first] of [["before", "client"], ["after", "server"]] as const) {
  test(`tells a task of the end that came while no plugin ran, when it is recovered ${when} the one that has ended`, async () => {
    await using rig = await DriverRig.start();
    const allocId = randomUUID();
    const server = await inAllocation(rig, allocId, "server", {});
    const client = await inAllocation(rig, allocId, "client", { network_mode: "task:server" });
    for (const task of [server, client]) await rig.startTask(task);
    const containerId = await nameOf(server.config);
    await rig.crash();
    await withPodman((podman) => podman.containers.stop(containerId, { timeoutSeconds: 0 }, soon()));
    await using events = new RecordedEvents(rig.driver);
    for (const task of first === "client" ? [client, server] : [server, client]) await rig.recover(task);
    await rig.driver.waitTask(server.config.id, soon());
    await until(() => events.all.some(({ message, taskName }) => taskName === "client" && endOfServer.test(message)));
  });
}

test("tells a task that was recovered while Podman said nothing, as soon as it says whose network the task is in", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const allocId = randomUUID();
  const server = await inAllocation(rig, allocId, "server", {});
  const client = await inAllocation(rig, allocId, "client", { network_mode: "task:server" });
  for (const task of [server, client]) await rig.startTask(task);
  await rig.crash();
  const silence = proxy.inject({ fault: { kind: "hang" } });
  await using events = new RecordedEvents(rig.driver);
  for (const task of [server, client]) await rig.recover(task);
  await rig.driver.stopTask(server.config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
  silence.remove();
  const told = (): number => events.all.filter(({ message, taskName }) => taskName === "client" && endOfServer.test(message)).length;
  await until(() => told() > 0);
  await rig.driver.destroyTask(client.config.id, { force: true }, soon());
  assert.equal(told(), 1);
});

test("removes a task whose network others were in as soon as the last of them is removed", async () => {
  await using rig = await DriverRig.start();
  const allocId = randomUUID();
  const server = await inAllocation(rig, allocId, "server", {});
  await rig.startTask(server);
  const clients = [
    await inAllocation(rig, allocId, "one", { network_mode: "task:server" }),
    await inAllocation(rig, allocId, "two", { network_mode: "task:server" }),
  ];
  for (const client of clients) await rig.startTask(client);
  for (const { config } of [server, ...clients]) {
    assert.notEqual(await nameOf(server.config), "none");
    await rig.driver.destroyTask(config.id, { force: true }, soon());
  }
  assert.equal(await nameOf(server.config), "none");
});

test("does not join what is none of the allocation's, and says whose it is", async () => {
  await using rig = await DriverRig.start();
  const allocId = randomUUID();
  const name = `server-${allocId}`;
  await using stranger = await strangerOf(name);
  const client = await inAllocation(rig, allocId, "client", { network_mode: "task:server" });
  const message = new RegExp(
    `the container ${name} is no task of this allocation, it is container ${stranger.id.slice(0, 12)}, which Nomad did not start`,
  );
  await assert.rejects(rig.driver.startTask(client.config, soon()), { message });
});

test("tells tasks that wait for each other, which would for ever", async () => {
  await using rig = await DriverRig.start();
  const allocId = randomUUID();
  const tasks = [
    await inAllocation(rig, allocId, "one", { network_mode: "task:other" }),
    await inAllocation(rig, allocId, "other", { ipc_mode: "task:one" }),
  ];
  const starts = tasks.map(({ config }) => rig.driver.startTask(config, soon()).then(() => "started", String));
  assert.match(await Promise.race(starts), /cannot be joined, since these tasks wait for each other: "(one|other)" waits for /);
  for (const { config } of tasks) await rig.driver.stopTask(config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
  assert.match((await Promise.all(starts)).join(), /stopped while it was being started/);
});

test("does not have Podman start a task that ends while another that joins it is made", async () => {
  await using faulty = await FaultyRig.start();
  const { rig, proxy } = faulty;
  const allocId = randomUUID();
  const server = await inAllocation(rig, allocId, "server", {});
  await rig.startTask(server);
  const client = await inAllocation(rig, allocId, "client", { network_mode: "task:server" });
  const ended = Promise.withResolvers<void>();
  const create = proxy.inject({ fault: { kind: "held", until: ended.promise }, method: "POST", path: /^\/containers\/create$/ });
  const starting = assert.rejects(rig.driver.startTask(client.config, soon()), {
    message: /"task:server" names a task of this allocation that does not run: its container server-\S+ is (exited|stopped)/,
    recoverable: true,
  });
  await until(() => create.hits > 0);
  await rig.driver.stopTask(server.config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
  await until(async () => (await inspectTask(server)).state.status === "exited");
  ended.resolve();
  await starting;
  assert.equal((await inspectTask(server)).state.running, false);
  await rig.driver.destroyTask(server.config.id, { force: true }, soon());
});

test("stops waiting for another task when it is itself stopped", async () => {
  await using rig = await DriverRig.start();
  const client = await inAllocation(rig, randomUUID(), "client", { network_mode: "task:server" });
  const starting = rig.driver.startTask(client.config, soon());
  const refused = assert.rejects(starting, /stopped while it was being started/);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await rig.driver.stopTask(client.config.id, { timeoutMs: 0, killSignal: "KILL" }, soon());
  await refused;
  await until(async () => (await nameOf(client.config)) === "none");
});
