import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseHostAddress } from "./host-address.ts";

const address = (ip: string, internal = false) => [
  { address: ip, netmask: "255.255.255.0", mac: "00:00:00:00:00:00", cidr: `${ip}/24`, family: "IPv4" as const, internal },
];
const interfaces = { br0: address("192.168.3.1"), lo: address("127.0.0.1", true), eth0: address("10.0.0.2"), eth1: address("192.168.1.2") };

const header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";
const route = (name: string, metric: number, destination = "00000000") =>
  `${name}\t${destination}\t0100000A\t0003\t0\t0\t${metric}\t${destination === "00000000" ? "00000000" : "00FFFFFF"}\n`;

const cases: readonly (readonly [string, string, Parameters<typeof chooseHostAddress>[1], string])[] = [
  ["of the default route's interface", header + route("eth1", 0) + route("eth0", 0, "0000000A"), interfaces, "192.168.1.2"],
  ["of the default route with the lowest metric", header + route("eth0", 600) + route("eth1", 100), interfaces, "192.168.1.2"],
  ["of the default route though it leads over a bridge", header + route("br0", 0), interfaces, "192.168.3.1"],
  ["of the first device, without a default route", header, interfaces, "10.0.0.2"],
  ["of the first device, without /proc/net/route", "", interfaces, "10.0.0.2"],
  ["loopback where there are bridges besides", header, { br0: interfaces.br0, lo: interfaces.lo }, "127.0.0.1"],
  ["loopback where there is nothing else", header, { lo: interfaces.lo }, "127.0.0.1"],
];

for (const [name, routes, present, expected] of cases) {
  test(`chooses the address ${name}`, () => assert.equal(chooseHostAddress(routes, present, (iface) => iface.startsWith("eth")), expected));
}
