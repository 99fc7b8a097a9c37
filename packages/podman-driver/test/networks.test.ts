import assert from "node:assert/strict";
import { test } from "node:test";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig, RecordedEvents, RiggedNetwork, runProcess, until, type RiggedTask, type TaskWishes } from "@driver/testing";
import { inspectTask, netnsOf } from "./network-rig.ts";
import { takePort } from "./taken-port.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
type Config = Readonly<Record<string, HclValue>>;

/** What `script` prints in a task with this config. */
async function outputOf(rig: DriverRig, script: string, config: Config, wishes: TaskWishes = {}): Promise<string> {
  const task = await rig.runScript(script, { ...wishes, config });
  return (await rig.finish(task)) + (await task.stderr.whole()).toString();
}

/** Prints the IPv4 address of a name, asked of the network's own server: the image's other programs know no resolver. */
const lookUp = (name: string): string =>
  `i=0; until nslookup ${name} > /tmp/found || [ $i -ge 100 ]; do i=$((i+1)); sleep 0.2; done; sed -n 's/^Address: ` +
    "*\\([0-9.]*\\)$/\\1/p' /tmp/found | tail -n 1";
/** Prints what the task at an address says to callers. */
const call = (address: string): string =>
  `i=0; until printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} 7000 > /tmp/answer || [ $i -ge 100 ]; do i=$((i+1)); ` +
    "sleep 0.2; done; tail -n 1 /tmp/answer";
/** A shell's words that serve `text` there. */
const serve = (text: string): string => `mkdir /tmp/www; echo ${text} > /tmp/www/index.html; exec httpd -f -p 7000 -h /tmp/www`;

async function refusal(rig: DriverRig, config: Config, wishes: TaskWishes = {}): Promise<Error> {
  const task = await rig.prepare({ ...wishes, config: { command: "sleep", args: ["60"], ...config } });
  return await rig.driver.startTask(task.config, soon()).then(() => assert.fail("it has started"), (error: unknown) => error as Error);
}

test("gives a task fixed addresses, a MAC address and names on a network of Podman's, and tells Nomad the address", async () => {
  await using network = await RiggedNetwork.create("fixed", "10.201.1");
  await using rig = await DriverRig.start();
  const config = {
    network_mode: network.name,
    ipv4_address: "10.201.1.10",
    ipv6_address: "fd00:1::10",
    static_ips: ["10.201.1.11"],
    static_mac: "02-42-ac-11-00-0A",
    network_aliases: ["db", "db.internal"],
  };
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.prepare({
    config: { ...config, command: "sh", args: ["-c", `ip address show; echo done; ${serve("hello from db")}`] },
  });
  const started = await rig.startTask(task);
  assert.equal(started.network?.ip, "10.201.1.10");
  await until(() => task.stdout.text().includes("done"));
  for (const shown of ["10.201.1.10/24", "fd00:1::10/64", "02:42:ac:11:00:0a"]) {
    assert.ok(task.stdout.text().includes(shown), `${shown} is not in ${task.stdout.text()}`);
  }
  const notGiven = "Podman has not given the task the address 10.201.1.11: it gives one of each subnet";
  // Podman 6.1 gives all of them.
  if (!task.stdout.text().includes("10.201.1.11/24")) await until(() => events.messages.includes(notGiven));
  else assert.ok(!events.messages.includes(notGiven));
  const seen = await outputOf(rig, `${lookUp("db")}; ${lookUp("db.internal")}; ${call("10.201.1.10")}; cat /etc/resolv.conf`, {
    network_mode: network.name,
  });
  assert.match(seen, /^(10\.201\.1\.1[01]\n){2}hello from db\n[^]*search .*dns\.podman/);
});

test("tells Nomad the IPv6 address where the task asks for that, and says so where it has none", async () => {
  await using network = await RiggedNetwork.create("six", "10.201.6");
  await using rig = await DriverRig.start();
  await using events = new RecordedEvents(rig.driver);
  const start = async (config: Config): Promise<string | undefined> =>
    (await rig.startTask(await rig.prepare({ config: { ...config, command: "sleep", args: ["60"] } }))).network?.ip;
  assert.equal(await start({ network_mode: network.name, ipv6_address: "fd00:6::77", advertise_ipv6_address: true }), "fd00:6::77");
  const ipv4 = (await start({ network_mode: "bridge", advertise_ipv6_address: true })) ?? "";
  assert.match(ipv4, /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal(await start({ network_mode: "host", advertise_ipv6_address: true }), undefined);
  const told = (): readonly string[] => events.all.map(({ message }) => message).filter((text) => text.startsWith("advertise_ipv6"));
  await until(() => told().length > 1);
  const text = "advertise_ipv6_address: the task has no IPv6 address, so Nomad is told";
  assert.deepEqual(told(), [`${text} ${ipv4}`, `${text} no address of its own`]);
});

test("gives a task a fixed address and Docker's mac_address on the default network", async () => {
  await using rig = await DriverRig.start();
  const first = await rig.runScript("sleep 60", { config: { network_mode: "bridge" } });
  const ip = (await inspectTask(first)).network.ipAddress.replace(/\d+$/, "200");
  const seen = await outputOf(rig, "ip address show eth0", { network_mode: "", ipv4_address: ip, mac_address: "02:42:ac:11:00:0b" });
  assert.match(seen, new RegExp(`02:42:ac:11:00:0b[^]*${ip.replaceAll(".", "\\.")}/`));
});

test("puts a task on several networks, each with its address, names and interface, and tells Nomad which one to advertise", async () => {
  await using front = await RiggedNetwork.create("a-front", "10.201.2");
  await using back = await RiggedNetwork.create("b-back", "10.201.3");
  await using rig = await DriverRig.start();
  const networks = [
    { name: back.name, ipv4_address: "10.201.3.10", ipv6_address: "fd00:3::10", mac_address: "02:42:ac:11:00:0c", aliases: ["store"] },
    { name: front.name, ipv4_address: "10.201.2.10", aliases: ["shop"], interface_name: "front0" },
  ];
  const args = ["-c", `ip -o address show; echo done; ${serve("welcome")}`];
  const task = await rig.prepare({ config: { network_mode: "", networks, command: "sh", args } });
  assert.equal((await rig.startTask(task)).network?.ip, "10.201.3.10");
  await until(() => task.stdout.text().includes("done"));
  for (const shown of [/eth0 .*10\.201\.3\.10\/24/, /eth0 .*fd00:3::10\/64/, /front0 .*10\.201\.2\.10\/24/]) {
    assert.match(task.stdout.text(), shown);
  }
  assert.equal(await outputOf(rig, `${lookUp("store")}; ${call("10.201.3.10")}`, { network_mode: back.name }), "10.201.3.10\nwelcome\n");
  assert.equal(
    await outputOf(rig, `${lookUp("shop")}; ${call("10.201.2.10")}`, { network_mode: "", networks: [{ name: front.name }] }),
    "10.201.2.10\nwelcome\n",
  );
  const told = await rig.prepare({
    config: { network_mode: "", networks: networks.map(({ name }) => ({ name })), advertise: front.name, command: "sleep", args: ["60"] },
  });
  assert.match((await rig.startTask(told)).network?.ip ?? "", /^10\.201\.2\./);
});

test("names the key of a network or an address that Podman does not give", async () => {
  await using network = await RiggedNetwork.create("taken", "10.201.4");
  await using rig = await DriverRig.start();
  await rig.runScript("sleep 60", { config: { network_mode: network.name, ipv4_address: "10.201.4.10" } });
  const rows: readonly (readonly [Config, RegExp])[] = [
    [
      { network_mode: "nowhere" },
      /network not found; config key network_mode: "nowhere" is no network of this Podman; podman network ls shows those there are/,
    ],
    [
      { network_mode: "", networks: [{ name: network.name }, { name: "nowhere" }] },
      /network not found; config key networks\[1\]\.name: "nowhere" is no network/,
    ],
    [
      { network_mode: network.name, ipv4_address: "10.201.4.10" },
      /10\.201\.4\.10 is already allocated to container ID [^]*asked for by ipv4_address, ipv6_address or static_ips of the task's config/,
    ],
    [{ network_mode: network.name, ipv4_address: "192.0.2.1" }, /192\.0\.2\.1 not in any subnet[^]*asked for by ipv4_address/],
  ];
  for (const [config, message] of rows) assert.match((await refusal(rig, config)).message, message);
});

test("joins a network namespace by its file and another's container by its name", async () => {
  const name = `driver-net-${process.pid}`;
  await runProcess("ip", ["netns", "add", name], { signal: soon() });
  try {
    await using rig = await DriverRig.start();
    await runProcess("ip", ["-n", name, "link", "add", "marker0", "type", "bridge"], { signal: soon() });
    assert.match(await outputOf(rig, "ls /sys/class/net", { network_mode: `ns:/var/run/netns/${name}` }), /marker0/);
    const other = await rig.runScript("sleep 60", { config: { network_mode: "bridge" } });
    const joined = await rig.runScript("sleep 60", { config: { network_mode: `container:task-${other.config.allocId}` } });
    assert.equal(await netnsOf(joined), await netnsOf(other));
    await rig.driver.destroyTask(joined.config.id, { force: true }, soon());
  } finally {
    await runProcess("ip", ["netns", "delete", name], { signal: soon() });
  }
});

test("follows a host that says that the group is on the host's network", async () => {
  await using rig = await DriverRig.start();
  const more = { networkIsolation: { mode: "host", path: "", labels: {} } } as const;
  const task = await rig.runScript("sleep 60", { config: { network_mode: "" }, more });
  assert.equal(await netnsOf(task), (await runProcess("readlink", ["/proc/self/ns/net"], { signal: soon() })).stdout.trim());
});

test("names the label of a port that cannot be published, and who has it", async () => {
  await using rig = await DriverRig.start();
  await using taken = await takePort();
  const port = taken.mapping;
  const wishes: TaskWishes = { resources: { ports: [port] } };
  const config = { network_mode: "bridge", ports: ["http"] };
  const label = (protocol: string): string => `port "http" of the group (${port.hostPort}/${protocol}) cannot be published`;
  const byProcess = (await refusal(rig, config, wishes)).message;
  assert.ok(byProcess.includes(`; ${label("tcp")}: process ${process.pid} (`), byProcess);
  await taken.release();
  const holder: RiggedTask = await rig.runScript("sleep 60", { config, ...wishes });
  const byContainer = (await refusal(rig, config, wishes)).message;
  // The container has both, and Podman asks for them in an order that it draws.
  const [, protocol = ""] = /cannot (?:listen on the|bind) (TCP|UDP) port/i.exec(byContainer) ?? [];
  assert.ok(byContainer.includes(`; ${label(protocol.toLowerCase())}: container task-${holder.config.allocId} has it`), byContainer);
  const noAddress = (await refusal(rig, config, { resources: { ports: [{ ...port, hostIp: "192.0.2.1" }] } })).message;
  assert.match(
    noAddress,
    /; port "http" of the group \(\d+\/(tcp|udp)\) cannot be published: this host does not have the address 192\.0\.2\.1/,
  );
});
