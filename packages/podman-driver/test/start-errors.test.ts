import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { encodeMsgpack, type HclValue } from "@driver/nomad-plugin";
import { DriverRig, FaultyRig, testSetting, until, type TaskWishes } from "@driver/testing";
import { takePort } from "./taken-port.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

interface BadStart {
  readonly what: string;
  readonly wishes: TaskWishes;
  readonly message: RegExp;
}

const badStarts: readonly BadStart[] = [
  {
    what: "an image that is not there",
    wishes: { config: { image: "localhost/missing:1" } },
    message: /image localhost\/missing:1 is not present/,
  },
  {
    what: "an image on a registry that does not answer",
    wishes: { config: { image: "127.0.0.1:9/missing:1" } },
    message: /pull image 127\.0\.0\.1:9\/missing:1: .*refused/,
  },
  { what: "an empty image", wishes: { config: { image: "" } }, message: /config key image is required, but not set/ },
  { what: "a transport that is not supported", wishes: { config: { image: "dir:/x" } }, message: /dir:, which is not supported yet/ },
  { what: "a program that is not in the image", wishes: { config: { command: "no-such-program" } }, message: /no-such-program.*not found/ },
  { what: "a user that is not in the image", wishes: { user: "nobody-knows" }, message: /unable to find user nobody-knows/ },
  {
    what: "a working directory that is not in the image",
    wishes: { config: { working_dir: "/no/such/dir" } },
    message: /workdir.*\/no\/such\/dir|\/no\/such\/dir.*no such file/i,
  },
  { what: "a socket that the agent does not have", wishes: { config: { socket: "other" } }, message: /socket: "other" is no socket/ },
  {
    what: "a network that Podman does not have",
    wishes: { config: { network_mode: "mynet" } },
    message: /network_mode: "mynet" is no network of this Podman/,
  },
  { what: "a port that the group does not have", wishes: { config: { ports: ["http"] } }, message: /ports: .*"http"/ },
  {
    what: "a pull time-out that is no duration",
    wishes: { config: { image_pull_timeout: "5 minutes" } },
    message: /image_pull_timeout: "5 minutes" is not a duration/,
  },
  {
    what: "an address that is none",
    wishes: { config: { ipv4_address: "fd00::9" } },
    message: /config key ipv4_address: "fd00::9" is not an IPv4 address/,
  },
  {
    what: "several wrong keys",
    wishes: { config: { network_mode: "bridge", ipv4_address: "fd00::9", static_mac: "02:00" } },
    message:
      /2 mistakes: \(1\) .* ipv4_address: "fd00::9" is not an IPv4 address; .* \(2\) .* static_mac: "02:00" is not a MAC address/,
  },
  { what: "a bind whose source is missing", wishes: { config: { volumes: ["/no/such/source:/x"] } }, message: /\/no\/such\/source/ },
  {
    what: "a log driver that is not supported",
    wishes: { config: { logging: { driver: "syslog" } } },
    message: /logging\.driver: "syslog" is no log driver of Podman/,
  },
  {
    what: "a mount whose source is missing",
    wishes: { more: { mounts: [mount({ hostPath: "/no/such/source" })] } },
    message: /\/no\/such\/source/,
  },
  {
    what: "a mount propagation nobody knows",
    wishes: { more: { mounts: [mount({ propagationMode: "sideways" })] } },
    message: /"sideways" is no propagation mode/,
  },
  {
    what: "a name server that is no address",
    wishes: { more: { dns: { servers: ["dns.example"], searches: [], options: [] } } },
    message: /dns\.servers: "dns\.example" is not an IP address/,
  },
];

for (const { what, wishes, message } of badStarts) {
  test(`refuses ${what}, names it, and leaves nothing behind`, async () => {
    await using rig = await DriverRig.start();
    const task = await rig.prepare({ ...wishes, config: { command: "sleep", args: ["60"], ...wishes.config } });
    await assert.rejects(rig.driver.startTask(task.config, soon()), { message });
    assert.deepEqual(await containersOf(task.config.allocId), []);
    await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
  });
}

test("says when trying again may help", async () => {
  await using rig = await DriverRig.start();
  const unreachable = await rig.prepare({ config: { image: "127.0.0.1:9/missing:1" } });
  await assert.rejects(rig.driver.startTask(unreachable.config, soon()), { recoverable: true });
  const missing = await rig.prepare({ config: { image: "localhost/missing:1" } });
  await assert.rejects(rig.driver.startTask(missing.config, soon()), { recoverable: false });
});

test("refuses a port that is in use, and offers another try", async () => {
  await using rig = await DriverRig.start();
  await using port = await takePort();
  const task = await rig.prepare({
    config: { network_mode: "bridge", ports: ["http"], command: "sleep", args: ["60"] },
    resources: { ports: [port.mapping] },
  });
  await assert.rejects(rig.driver.startTask(task.config, soon()), { message: /address already in use/, recoverable: true });
  assert.deepEqual(await containersOf(task.config.allocId), []);
});

test("refuses a second start of the same task and does not harm the first", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("sleep 1; exit 8");
  await assert.rejects(rig.driver.startTask(task.config, soon()), /already started/);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 8);
});

test("replaces what an earlier start of the same task has left", async () => {
  await using rig = await DriverRig.start();
  const first = await rig.runScript("sleep 60");
  const again = { ...first.config, id: `${first.config.allocId}/task/0badcafe` };
  await rig.crash();
  await rig.driver.startTask({ ...again, driverConfig: config({ args: ["-c", "exit 12"] }) }, soon());
  assert.equal((await rig.driver.waitTask(again.id, soon())).exitCode, 12);
  await rig.driver.destroyTask(again.id, { force: true }, soon());
});

test("takes over the container of a start whose answer was lost", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.runScript("echo once; sleep 2; exit 13");
  const [before] = await containersOf(task.config.allocId);
  await rig.crash();
  await rig.startTask(task);
  assert.deepEqual(await containersOf(task.config.allocId), [before]);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 13);
});

test("removes an unlabelled container of this allocation, as the Go driver leaves one", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sh", args: ["-c", "exit 14"] } });
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const mounts = [{ type: "bind", source: `${task.config.allocDir}/alloc`, destination: "/alloc", options: ["rbind"] }];
  await podman.containers.create(
    { name: `task-${task.config.allocId}`, image: testSetting("TEST_IMAGE"), command: ["sleep", "60"], mounts },
    soon(),
  );
  podman.close();
  await rig.startTask(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 14);
});

test("leaves a stranger's container alone and says whose it is", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { command: "sh", args: ["-c", "exit 15"] } });
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  const { id } = await podman.containers.create(
    { name: `task-${task.config.allocId}`, image: testSetting("TEST_IMAGE"), command: ["sleep", "60"] },
    soon(),
  );
  await assert.rejects(rig.driver.startTask(task.config, soon()), {
    message: new RegExp(`taken by container ${id.slice(0, 12)}, which Nomad did not start`),
  });
  assert.equal((await podman.containers.inspect(id, soon()))?.id, id);
  await podman.containers.remove(id, { force: true, volumes: true, timeoutSeconds: 0 }, soon());
  podman.close();
});

test("undoes a start whose caller hangs up", async () => {
  await using faulty = await FaultyRig.start();
  const task = await faulty.rig.prepare({ config: { command: "sleep", args: ["60"] } });
  const hungUp = Promise.withResolvers<void>();
  const held = faulty.proxy.inject({ fault: { kind: "held", until: hungUp.promise }, method: "POST", path: /\/start$/ });
  const caller = new AbortController();
  const outcome = assert.rejects(faulty.rig.driver.startTask(task.config, caller.signal), /hung up/);
  await until(() => held.hits > 0);
  assert.equal((await containersOf(task.config.allocId)).length, 1);
  caller.abort(new Error("hung up"));
  await outcome;
  hungUp.resolve();
  await until(async () => (await containersOf(task.config.allocId)).length === 0);
});

function mount(facts: {
  readonly hostPath?: string;
  readonly propagationMode?: string;
}): NonNullable<NonNullable<TaskWishes["more"]>["mounts"]>[number] {
  return { taskPath: "/data", hostPath: "/tmp", readonly: false, propagationMode: "", selinuxLabel: "", requestName: "data", ...facts };
}

function config(more: Readonly<Record<string, HclValue>>): Uint8Array {
  return encodeMsgpack({ image: testSetting("TEST_IMAGE"), network_mode: "none", command: "sh", ...more });
}

async function containersOf(allocId: string): Promise<string[]> {
  return await withPodman(async (podman) => (await podman.containers.list({ all: true, names: [allocId] }, soon())).map(({ id }) => id));
}
