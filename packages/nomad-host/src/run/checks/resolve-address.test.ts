import assert from "node:assert/strict";
import { test } from "node:test";

import { resolveAddress } from "./resolve-address.ts";

const ports = [
  { label: "http", hostIp: "192.0.2.1", hostPort: 23_000, to: 80 },
  { label: "raw", hostIp: "192.0.2.1", hostPort: 23_001, to: 0 },
];
const driverNetwork = { ip: "10.88.0.7", portMap: { old: 99 }, autoAdvertise: false };
const places = { ports, allocAddress: "10.88.0.5", driverNetwork };

const cases: readonly (readonly [mode: string, label: string, address: string, wanted: string])[] = [
  ["", "http", "", "192.0.2.1:23000"],
  ["host", "raw", "", "192.0.2.1:23001"],
  ["", "8080", "", "localhost:8080"],
  ["", "http", "example.org", "example.org:23000"],
  ["", "443", "example.org", "example.org:443"],
  ["alloc", "http", "", "10.88.0.5:80"],
  ["alloc", "raw", "", "10.88.0.5:23001"],
  ["alloc", "9000", "", "10.88.0.5:9000"],
  ["driver", "http", "", "10.88.0.7:80"],
  ["driver", "old", "", "10.88.0.7:99"],
  ["driver", "9000", "", "10.88.0.7:9000"],
];

for (const [addressMode, portLabel, serviceAddress, wanted] of cases)
  test(`address_mode "${addressMode}" with port ${portLabel} ${serviceAddress} looks at ${wanted}`, () => {
    const found = resolveAddress({ addressMode, portLabel, serviceAddress }, places);
    assert.equal("problem" in found ? found.problem : `${found.host}:${found.port}`, wanted);
  });

const failures: readonly (readonly [mode: string, label: string, address: string, problem: RegExp])[] = [
  ["", "nope", "", /^port "nope" is neither a label/],
  ["", "70000", "", /^port "70000" is neither a label/],
  ["host", "http", "example.org", /^the service's own address does not go with address_mode "host"$/],
  ["alloc", "nope", "", /^port "nope" is neither/],
  ["alloc_ipv6", "http", "", /has no such address$/],
];

for (const [addressMode, portLabel, serviceAddress, problem] of failures)
  test(`address_mode "${addressMode}" with port ${portLabel} ${serviceAddress} says what is wrong`, () => {
    const found = resolveAddress({ addressMode, portLabel, serviceAddress }, places);
    assert.match("problem" in found ? found.problem : "", problem);
  });

test("a network that is not there is no address", () => {
  const nothing = { ports, allocAddress: undefined, driverNetwork: undefined };
  for (const addressMode of ["alloc", "driver"])
    assert.match(JSON.stringify(resolveAddress({ addressMode, portLabel: "http", serviceAddress: "" }, nothing)), /problem.*network/);
});
