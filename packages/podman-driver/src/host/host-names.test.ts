import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { test } from "node:test";
import { toHostAddress } from "./host-names.ts";

const at = (address: string, more: { readonly internal?: boolean; readonly scopeid?: number } = {}): NetworkInterfaceInfo => {
  const common = { address, netmask: "", mac: "", internal: more.internal === true, cidr: null };
  return address.includes(":") ? { ...common, family: "IPv6", scopeid: more.scopeid ?? 0 } : { ...common, family: "IPv4" };
};
const loopback = [at("127.0.0.1", { internal: true }), at("::1", { internal: true })];

const rows: readonly (readonly [what: string, addresses: readonly NetworkInterfaceInfo[], host: string | undefined])[] = [
  ["its first one", [at("192.0.2.1"), at("192.0.2.2")], "192.0.2.1"],
  ["its IPv4 one, though that comes later", [at("2001:db8::1"), at("192.0.2.1")], "192.0.2.1"],
  ["its IPv6 one where it has no other", [at("fe80::1", { scopeid: 8 }), at("2001:db8::1")], "2001:db8::1"],
  ["none where it has but one of a link", [at("fe80::1", { scopeid: 8 })], undefined],
  ["none where it has loopback alone", [], undefined],
];
for (const [what, addresses, host] of rows) {
  test(`a host's address is ${what}`, () => assert.equal(toHostAddress({ lo: loopback, gone: undefined, eth0: [...addresses] }), host));
}
