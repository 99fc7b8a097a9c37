import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTask } from "@driver/testing";
import { planHosts, planNetwork, toDriverNetwork, type NetworkFacts, type ObservedNetwork } from "./network.ts";

const rootful: NetworkFacts = { rootless: false, version: "4.3.1", defaultRootlessMode: "" };
const rootless = { ...rootful, rootless: true };
const inGroup = plainTask({ networkIsolation: { mode: "group", path: "/var/run/netns/x", labels: {} } });

for (const mode of ["bridge", "host", "none"]) {
  test(`takes the network mode ${mode} as it is`, () => {
    assert.deepEqual(planNetwork(plainTask(), mode, rootful), { netns: { nsmode: mode } });
    assert.deepEqual(planNetwork(plainTask(), mode, rootless), { netns: { nsmode: mode } });
  });
}

const defaults: readonly { readonly facts: NetworkFacts; readonly nsmode: string }[] = [
  { facts: rootful, nsmode: "bridge" },
  { facts: { ...rootful, defaultRootlessMode: "pasta" }, nsmode: "bridge" },
  { facts: rootless, nsmode: "slirp4netns" },
  { facts: { ...rootless, version: "4.9.5" }, nsmode: "slirp4netns" },
  { facts: { ...rootless, version: "5.0.0" }, nsmode: "pasta" },
  { facts: { ...rootless, version: "5.0.0-rc1" }, nsmode: "pasta" },
  { facts: { ...rootless, version: "10.1.0" }, nsmode: "pasta" },
  { facts: { ...rootless, version: "5.4.2", defaultRootlessMode: "slirp4netns" }, nsmode: "slirp4netns" },
];
for (const { facts, nsmode } of defaults) {
  test(`chooses ${nsmode} for ${JSON.stringify(facts)}`, () => assert.deepEqual(planNetwork(plainTask(), "", facts), { netns: { nsmode } }));
}

test("joins the group's network whatever the task asks for, and says so", () => {
  const netns = { nsmode: "path", value: "/var/run/netns/x" };
  assert.deepEqual(planNetwork(inGroup, "", rootful), { netns });
  assert.deepEqual(planNetwork(inGroup, "host", rootful), { netns, notice: 'network_mode "host" is not used: the task joins its group\'s network' });
});

test("does not send a rootless Podman into root's network", () => {
  assert.throws(() => planNetwork(inGroup, "", rootless), { code: "config-invalid", message: /rootless Podman cannot join the group's network namespace/ });
});

test("takes a group without a namespace for none", () => {
  const task = plainTask({ networkIsolation: { mode: "host", path: "", labels: {} } });
  assert.deepEqual(planNetwork(task, "host", rootful), { netns: { nsmode: "host" } });
});

test("refuses modes it does not have, by name", () => {
  for (const mode of ["mynet", "container:x", "Host", " bridge"]) {
    assert.throws(() => planNetwork(plainTask(), mode, rootful), { code: "unsupported", message: `network_mode "${mode}" is not supported yet: use one of bridge, host, none` });
  }
});

const none: ObservedNetwork = { ipAddress: "", networks: {} };
const addresses: readonly { readonly what: string; readonly observed: ObservedNetwork; readonly ip: string | undefined }[] = [
  { what: "no network", observed: none, ip: undefined },
  { what: "a network without an address", observed: { ...none, networks: { a: { ipAddress: "", ipv6Address: "" } } }, ip: undefined },
  { what: "the default network", observed: { ...none, ipAddress: "10.88.0.2" }, ip: "10.88.0.2" },
  { what: "a named network", observed: { ...none, networks: { a: { ipAddress: "10.89.0.2", ipv6Address: "fd00::2" } } }, ip: "10.89.0.2" },
  { what: "several, one of them IPv6 only", observed: { ...none, networks: { a: { ipAddress: "", ipv6Address: "fd00::2" }, b: { ipAddress: "10.90.0.2", ipv6Address: "" } } }, ip: "10.90.0.2" },
  { what: "IPv6 alone", observed: { ...none, networks: { a: { ipAddress: "", ipv6Address: "fd00::2" } } }, ip: "fd00::2" },
];
for (const { what, observed, ip } of addresses) {
  test(`tells Nomad the address on ${what}`, () => {
    assert.deepEqual(toDriverNetwork(observed, { http: 80 }), ip === undefined ? undefined : { ip, portMap: { http: 80 }, autoAdvertise: true });
  });
}

test("names the group's address as Nomad wants it, and refuses what is no address", () => {
  const withHosts = (hostname: string, address: string): ReturnType<typeof plainTask> => plainTask({ networkIsolation: { mode: "group", path: "/n", labels: {}, hosts: { hostname, address } } });
  assert.deepEqual(planHosts(withHosts("web", "192.0.2.7")), { hostadd: ["web:192.0.2.7"] });
  assert.deepEqual(planHosts(withHosts("web", "2001:db8::7")), { hostadd: ["web:2001:db8::7"] });
  assert.deepEqual([planHosts(inGroup), planHosts(plainTask()), planHosts(withHosts("", ""))], [{}, {}, {}]);
  assert.throws(() => planHosts(withHosts("web", "nowhere")), { code: "config-invalid", message: /host name web is "nowhere", which is not an IP address/ });
});
