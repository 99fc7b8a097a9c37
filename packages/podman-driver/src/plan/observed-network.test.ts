import assert from "node:assert/strict";
import { test } from "node:test";
import { toDriverNetwork, type ObservedNetwork } from "./observed-network.ts";

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
