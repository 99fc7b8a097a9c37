import assert from "node:assert/strict";
import { test } from "node:test";
import { explainNetworkFailure, type AskedNetwork } from "./explain-failure.ts";

const asked: AskedNetwork = {
  endpoints: [
    { key: "networks[0].name", network: "a", spec: { static_ips: ["10.1.0.9"] } },
    { key: "networks[1].name", network: "b", spec: { static_ips: ["fd00::9"] } },
  ],
  ports: [
    { label: "http", hostPort: 8080, to: 80, hostIp: "" },
    { label: "front", hostPort: 8081, to: 81, hostIp: "192.0.2.1" },
    { label: "back", hostPort: 8081, to: 82, hostIp: "::1" },
  ],
};
const http = (protocol: "tcp" | "udp", host = ""): unknown => ({
  text: `port "http" of the group (8080/${protocol}) cannot be published`,
  takenPort: { protocol, host, port: 8080 },
});
const twice = (labels: string, host: string): unknown => ({
  text: `port ${labels} of the group (8081/tcp) cannot be published`,
  takenPort: { protocol: "tcp", host, port: 8081 },
});

const rows: readonly (readonly [podmanText: string, explanation: unknown])[] = [
  ["cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use", http("tcp")],
  ["cannot listen on the UDP port: listen udp4 127.0.0.1:8080: bind: address already in use", http("udp", "127.0.0.1")],
  ["rootlessport listen tcp 0.0.0.0:8080: bind: address already in use", http("tcp", "0.0.0.0")],
  ["cannot bind tcp port :8080: address already in use", http("tcp")],
  ["listen tcp4 192.0.2.1:8081: bind: address already in use", twice('"front"', "192.0.2.1")],
  ["listen tcp6 [::1]:8081: bind: address already in use", twice('"back"', "::1")],
  ["cannot bind tcp port :8081: address already in use", twice('"front", "back"', "")],
  [
    "listen tcp6 [::1]:9090: bind: address already in use",
    { text: "port 9090/tcp cannot be published", takenPort: { protocol: "tcp", host: "::1", port: 9090 } },
  ],
  [
    "listen tcp4 192.0.2.1:8080: bind: cannot assign requested address",
    { text: 'port "http" of the group (8080/tcp) cannot be published: this host does not have the address 192.0.2.1' },
  ],
  [
    "unable to find network with name or ID b: network not found",
    { text: 'config key networks[1].name: "b" is no network of this Podman; podman network ls shows those there are' },
  ],
  [
    "requested static ip fd00::9 not in any subnet on network b",
    { text: 'the address fd00::9 is asked for by networks[1] ("b") of the task\'s config' },
  ],
  [
    "IPAM error: requested ip address 10.1.0.9 is already allocated to container ID abc",
    { text: 'the address 10.1.0.9 is asked for by networks[0] ("a") of the task\'s config' },
  ],
  ["OCI runtime error: exec failed", undefined],
];
for (const [text, explanation] of rows) test(`explains "${text}"`, () => assert.deepEqual(explainNetworkFailure(text, asked), explanation));

test("names the key of an only network too", () => {
  const text = (key: string): string => `config key ${key}: "a" is no network of this Podman; podman network ls shows those there are`;
  for (const key of ["network_mode", "networks[0].name"]) {
    const given = { endpoints: [{ key, network: "a", spec: {} }], ports: [] };
    assert.deepEqual(explainNetworkFailure("unable to find network with name or ID a: network not found", given), { text: text(key) });
  }
});
