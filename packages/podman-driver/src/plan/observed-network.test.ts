import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesOf, missingAddresses, toDriverNetwork, type ObservedNetwork } from "./observed-network.ts";

const none: ObservedNetwork = { ipAddress: "", networks: {} };
const addresses: readonly { readonly what: string; readonly observed: ObservedNetwork; readonly ip: string | undefined }[] = [
  { what: "no network", observed: none, ip: undefined },
  { what: "a network without an address", observed: { ...none, networks: { a: { ipAddress: "", ipv6Address: "" } } }, ip: undefined },
  { what: "the default network", observed: { ...none, ipAddress: "10.88.0.2" }, ip: "10.88.0.2" },
  { what: "a named network", observed: { ...none, networks: { a: { ipAddress: "10.89.0.2", ipv6Address: "fd00::2" } } }, ip: "10.89.0.2" },
  {
    what: "several, one of them IPv6 only",
    observed: { ...none, networks: { a: { ipAddress: "", ipv6Address: "fd00::2" }, b: { ipAddress: "10.90.0.2", ipv6Address: "" } } },
    ip: "10.90.0.2",
  },
  { what: "IPv6 alone", observed: { ...none, networks: { a: { ipAddress: "", ipv6Address: "fd00::2" } } }, ip: "fd00::2" },
];
for (const { what, observed, ip } of addresses) {
  test(`tells Nomad the address on ${what}`, () => {
    assert.deepEqual(
      toDriverNetwork(observed, { http: 80 }),
      ip === undefined ? undefined : { ip, portMap: { http: 80 }, autoAdvertise: true },
    );
  });
}

const two: ObservedNetwork = {
  ...none,
  networks: {
    a: { ipAddress: "10.89.0.2", ipv6Address: "fd00:a::2" },
    b: { ipAddress: "10.90.0.2", ipv6Address: "fd00:b::2" },
    c: { ipAddress: "10.91.0.2", ipv6Address: "" },
  },
};
const choices: readonly { readonly network: string | undefined; readonly prefersIpv6: boolean; readonly ip: string }[] = [
  { network: undefined, prefersIpv6: false, ip: "10.89.0.2" },
  { network: "b", prefersIpv6: false, ip: "10.90.0.2" },
  { network: undefined, prefersIpv6: true, ip: "fd00:a::2" },
  { network: "b", prefersIpv6: true, ip: "fd00:b::2" },
  { network: "c", prefersIpv6: true, ip: "10.91.0.2" },
  { network: "gone", prefersIpv6: false, ip: "10.89.0.2" },
];
for (const { ip, ...advertised } of choices) {
  test(`tells Nomad ${ip} of several where the task asks for ${JSON.stringify(advertised)}`, () =>
    assert.equal(toDriverNetwork(two, {}, advertised)?.ip, ip));
}

test("knows all addresses of a task", () => {
  assert.deepEqual(addressesOf(two), ["10.89.0.2", "10.90.0.2", "10.91.0.2", "fd00:a::2", "fd00:b::2"]);
  assert.deepEqual(addressesOf(none), []);
});

test("finds the addresses that a task has not got, however they are spelled", () => {
  const observed: ObservedNetwork = {
    ...none,
    networks: { a: { ipAddress: "10.89.0.2", ipv6Address: "fd00::a", moreAddresses: ["10.99.0.2"] } },
  };
  assert.deepEqual(missingAddresses(observed, ["10.89.0.2", "10.99.0.2", "FD00:0:0::A", "10.89.0.3", "fd00::b"]), ["10.89.0.3", "fd00::b"]);
});
