import assert from "node:assert/strict";
import { test } from "node:test";

import { resolveHostNetworks } from "./host-networks.ts";

function at(address: string, family: "IPv4" | "IPv6") {
  return { address, family, netmask: "", mac: "", internal: false, cidr: null, scopeid: 0 } as const;
}

const interfaces = {
  lo: [at("127.0.0.1", "IPv4"), at("::1", "IPv6")],
  eth0: [at("192.0.2.7", "IPv4")],
  lan: [at("10.9.0.3", "IPv4"), at("fd00::3", "IPv6")],
};

const found: readonly (readonly [range: string, address: string])[] = [
  ["10.0.0.0/8", "10.9.0.3"],
  ["10.9.0.3/32", "10.9.0.3"],
  ["192.0.2.128/24", "192.0.2.7"],
  ["127.0.0.0/8", "127.0.0.1"],
  ["fd00::/8", "fd00::3"],
  ["::1/128", "::1"],
  ["0.0.0.0/0", "127.0.0.1"],
];

for (const [range, address] of found) {
  test(`the address in ${range} is ${address}`, () => {
    assert.deepEqual([...resolveHostNetworks(new Map([["x", range]]), interfaces)], [["x", address]]);
  });
}

const refused: readonly (readonly [range: string, message: RegExp])[] = [
  ["10.0.0.0", /^host network "x": "10.0.0.0" is no range such as/],
  ["10.0.0.0/33", /is no range/],
  ["lan/8", /is no range/],
  ["fd00::/129", /is no range/],
  ["172.16.0.0/12", /^host network "x": this machine has no address in 172.16.0.0\/12$/],
];

for (const [range, message] of refused) {
  test(`refuses ${range} as a host network`, () => {
    assert.throws(() => resolveHostNetworks(new Map([["x", range]]), interfaces), { code: "host-failed", message });
  });
}
