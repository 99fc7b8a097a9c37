import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { decodedOf, mistakesOf, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const networksOf = (config: HclRecord, wishes: Wishes = {}): unknown => specOf({ ...wishes, config }).Networks;

const rows: readonly { readonly config: HclRecord; readonly networks: unknown }[] = [
  { config: {}, networks: undefined },
  { config: { network_mode: "bridge" }, networks: undefined },
  { config: { ipv4_address: "", static_ips: [], static_mac: "", network_aliases: [], networks: [] }, networks: undefined },
  { config: { ipv4_address: "10.88.0.9" }, networks: { default: { static_ips: ["10.88.0.9"] } } },
  { config: { network_mode: "bridge", ipv6_address: "fd00::9" }, networks: { default: { static_ips: ["fd00::9"] } } },
  {
    config: { network_mode: "blue", static_ips: ["10.2.0.1"], ipv6_address: "fd00::9", ipv4_address: "10.88.0.9" },
    networks: { blue: { static_ips: ["10.88.0.9", "fd00::9", "10.2.0.1"] } },
  },
  { config: { network_mode: "blue", static_mac: "02:42:AC:11:00:02" }, networks: { blue: { static_mac: "02:42:ac:11:00:02" } } },
  { config: { network_mode: "blue", mac_address: "02-42-ac-11-00-02" }, networks: { blue: { static_mac: "02:42:ac:11:00:02" } } },
  { config: { network_mode: "blue", network_aliases: ["db", "db.internal"] }, networks: { blue: { aliases: ["db", "db.internal"] } } },
  { config: { networks: [{ name: "blue" }] }, networks: { blue: {} } },
  { config: { networks: [{ name: "blue", interface_name: "x0" }] }, networks: { blue: { interface_name: "x0" } } },
  { config: { networks: [{ name: "z" }, { name: "a" }] }, networks: { z: { interface_name: "eth0" }, a: { interface_name: "eth1" } } },
  {
    config: { networks: [{ name: "z", interface_name: "eth1" }, { name: "a" }, { name: "b" }] },
    networks: { z: { interface_name: "eth1" }, a: { interface_name: "eth0" }, b: { interface_name: "eth2" } },
  },
  {
    config: {
      network_mode: "bridge",
      networks: [{ name: "blue", ipv4_address: "10.1.0.9", ipv6_address: "fd00::9", mac_address: "02:42:ac:11:00:02", aliases: ["db"] }],
    },
    networks: { blue: { static_ips: ["10.1.0.9", "fd00::9"], static_mac: "02:42:ac:11:00:02", aliases: ["db"] } },
  },
];
for (const { config, networks } of rows) test(`plans ${JSON.stringify(config)}`, () => assert.deepEqual(networksOf(config), networks));

test("is on a bridge with several networks on a rootless Podman too", () => {
  const { netns } = specOf({ config: { networks: [{ name: "blue" }] }, facts: { rootless: true } });
  assert.deepEqual(netns, { nsmode: "bridge" });
});

for (const [config, words] of [
  [{ network_mode: "blue" }, 'network_mode: "blue"'],
  [{ networks: [{ name: "blue" }] }, 'networks[0].name: "blue"'],
  [{ ipv4_address: "10.88.0.9" }, "network_mode:"],
] as const) {
  test(`refuses what Podman 3 drops without a word: ${JSON.stringify(config)}`, () =>
    assert.throws(() => planOf({ config, facts: { version: "3.4.4" } }), {
      code: "unsupported",
      message:
        `config key ${words} needs Podman 4.0, and 3.4.4 runs, which would put the task on its default network without a word; ` +
        "remove it, or update Podman",
    }));
}

const onePlace = "write it in the block of the network that it is meant for";
const mistakes: readonly (readonly [config: HclRecord, message: string])[] = [
  [{ ipv4_address: "fd00::9" }, 'ipv4_address: "fd00::9" is not an IPv4 address; write an IPv4 address, such as 10.88.0.10'],
  [{ ipv4_address: "10.88.0.9/24" }, 'ipv4_address: "10.88.0.9/24" is not an IPv4 address; write an IPv4 address, such as 10.88.0.10'],
  [{ ipv6_address: "10.88.0.9" }, 'ipv6_address: "10.88.0.9" is not an IPv6 address; write an IPv6 address, such as fd00::10'],
  [{ ipv6_address: "fe80::1%eth0" }, 'ipv6_address: "fe80::1%eth0" is not an IPv6 address; write an IPv6 address, such as fd00::10'],
  [{ static_ips: ["10.88.0.9", "x"] }, 'static_ips: "x" is not an IP address; write an IP address, such as 10.88.0.10'],
  [{ static_mac: "02:42" }, 'static_mac: "02:42" is not a MAC address; write six bytes, such as 02:42:ac:11:00:02'],
  [{ static_mac: "02:42-ac:11:00:02" }, 'static_mac: "02:42-ac:11:00:02" is not a MAC address; write six bytes, such as 02:42:ac:11:00:02'],
  [
    { static_mac: "00:00:00:00:00:00" },
    'static_mac: "00:00:00:00:00:00" is no address of an interface; write another, such as 02:42:ac:11:00:02',
  ],
  [
    { mac_address: "01:42:ac:11:00:02" },
    'mac_address: "01:42:ac:11:00:02" is an address of many, which no interface can have; begin with an even byte, such as 02',
  ],
  [
    { static_mac: "02:42:ac:11:00:02", mac_address: "02:42:ac:11:00:02" },
    'mac_address: "02:42:ac:11:00:02" says the same as static_mac, which is set too; remove mac_address',
  ],
  [{ network_aliases: ["a b"] }, 'network_aliases: "a b" is no host name; write letters, digits, hyphens and dots'],
  [
    { network_mode: "host", ipv4_address: "10.88.0.9" },
    'ipv4_address: has no effect with network_mode "host"; remove it, or use network_mode = "bridge" or a network of Podman\'s',
  ],
  [
    { network_mode: "task:db", network_aliases: ["x"] },
    'network_aliases: has no effect with network_mode "task:db"; remove it, or use network_mode = "bridge" or a network of Podman\'s',
  ],
  [{ networks: [{ name: "a" }], ipv4_address: "10.88.0.9" }, `ipv4_address: cannot be set beside networks blocks; ${onePlace}`],
  [
    { networks: [{ name: "a" }], network_mode: "b" },
    'networks: cannot be set beside network_mode "b"; remove network_mode, and give each network a block',
  ],
  [{ networks: [{ name: "a" }, { name: "a" }] }, 'networks[1].name: "a" is named twice; write all that belongs to a network in one block'],
  [{ networks: [{ name: "a b" }] }, 'networks[0].name: "a b" is no name of a network; podman network ls shows those there are'],
  [
    { networks: [{ name: "a", ipv4_address: "x" }] },
    'networks[0].ipv4_address: "x" is not an IPv4 address; write an IPv4 address, such as 10.88.0.10',
  ],
  [
    { networks: [{ name: "a", ipv6_address: "x" }] },
    'networks[0].ipv6_address: "x" is not an IPv6 address; write an IPv6 address, such as fd00::10',
  ],
  [
    { networks: [{ name: "a", mac_address: "x" }] },
    'networks[0].mac_address: "x" is not a MAC address; write six bytes, such as 02:42:ac:11:00:02',
  ],
  [{ networks: [{ name: "a", aliases: ["-"] }] }, 'networks[0].aliases: "-" is no host name; write letters, digits, hyphens and dots'],
  [
    { networks: [{ name: "a", interface_name: "a/b" }] },
    'networks[0].interface_name: "a/b" is no name for an interface; write up to 15 letters and digits, such as eth0',
  ],
  [
    {
      networks: [
        { name: "a", interface_name: "x0" },
        { name: "b", interface_name: "x0" },
      ],
    },
    'networks[1].interface_name: "x0" is the name of another network\'s interface too; give each its own',
  ],
  [{ advertise: "a" }, 'advertise: "a" is no network of this task; give the task networks blocks, or remove it'],
  [{ networks: [{ name: "a" }, { name: "b" }], advertise: "c" }, 'advertise: "c" is no network of this task; name one of a, b'],
];
for (const [config, message] of mistakes) {
  test(`refuses ${JSON.stringify(config)}`, () => {
    const [key = ""] = message.split(": ");
    assert.deepEqual(mistakesOf({ config }), [`${key} > config key ${message}`]);
  });
}

test("is not for a rootless Podman's own kind of network, which has no addresses", () => {
  const message =
    /network_mode: is not set, .* rootless Podman is on "slirp4netns" then, where .* no address of its own; set network_mode = "bridge"/;
  assert.throws(() => networksOf({ ipv4_address: "10.88.0.9" }, { facts: { rootless: true } }), message);
  assert.deepEqual(networksOf({ network_mode: "bridge", ipv4_address: "10.88.0.9" }, { facts: { rootless: true } }), {
    default: { static_ips: ["10.88.0.9"] },
  });
});

describe("in a group with a network of its own", () => {
  const task = { networkIsolation: { mode: "group", path: "/n", labels: {} } } as const;
  test("what the task asks for is told to be without effect", () => {
    const { spec, notices } = planOf({ task, config: { ipv4_address: "10.88.0.9", network_aliases: ["x"] } });
    assert.equal(spec.Networks, undefined);
    assert.deepEqual(notices, [
      "ipv4_address is not used: the task joins its group's network",
      "network_aliases is not used: the task joins its group's network",
    ]);
    assert.deepEqual(
      planOf({ task, config: { networks: [{ name: "a" }], advertise: "a", advertise_ipv6_address: true } }).notices.map(
        (notice) => notice.split(" ")[0],
      ),
      ["networks", "advertise", "advertise_ipv6_address"],
    );
    assert.equal(decodedOf({ task, config: { advertise_ipv6_address: true } }).wanted.network.advertised.prefersIpv6, false);
  });
});

test("says that a name on the default network may not be known to anybody", () => {
  assert.match(
    planOf({ config: { network_aliases: ["db"] } }).notices.join(),
    /^network_aliases may have no effect: Podman's default network/,
  );
  assert.deepEqual(planOf({ config: { network_mode: "blue", network_aliases: ["db"] } }).notices, []);
});

test("advertises the network that the task names, else the first that it writes", () => {
  const advertised = (config: HclRecord): unknown => decodedOf({ config }).wanted.network.advertised;
  const networks = [{ name: "z" }, { name: "a" }];
  assert.deepEqual(advertised({ networks }), { network: "z", prefersIpv6: false });
  assert.deepEqual(advertised({ networks, advertise: "a", advertise_ipv6_address: true }), { network: "a", prefersIpv6: true });
  assert.deepEqual(advertised({ network_mode: "blue" }), { network: "blue", prefersIpv6: false });
  assert.deepEqual(advertised({ ipv4_address: "10.88.0.9" }), { network: undefined, prefersIpv6: false });
});
