import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSocketAddress } from "./parse-socket-address.ts";

test("all spellings of a unix socket lead to its absolute path", () => {
  for (const address of [
    "unix:/run/podman/podman.sock",
    "unix://run/podman/podman.sock",
    "unix:///run/podman/podman.sock",
    "/run/podman/podman.sock",
    "//run/podman/podman.sock",
    "unix:///run/podman//podman.sock",
    "unix:///run/podman/podman.sock/",
    "UNIX:///run/podman/podman.sock",
  ]) {
    assert.deepEqual(parseSocketAddress(address, "socket_path"), { path: "/run/podman/podman.sock" }, address);
  }
});

test("tcp leads to a host and a port", () => {
  const table: readonly (readonly [string, string, number])[] = [
    ["tcp://podman.example.com:2376", "podman.example.com", 2376],
    ["tcp://192.0.2.7:65535/", "192.0.2.7", 65_535],
    ["TCP://podman.example.com:2376", "podman.example.com", 2376],
    ["tcp://[2001:db8::7]:2376", "2001:db8::7", 2376],
  ];
  for (const [address, host, port] of table) assert.deepEqual(parseSocketAddress(address, "socket_path"), { host, port });
});

test("other addresses are refused by name", () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["http://localhost:8080", /socket_path: "http:\/\/localhost:8080" .* http addresses are not supported/],
    ...["tcp://1.2.3.4", "tcp://:2376", "tcp://host:0", "tcp://host:65536", "tcp://me@host:1", "tcp:/run/p", "tcp://h:1/p"].map(
      (address) => [address, /it must be a host and a port; write e\.g\. tcp:\/\/podman\.example\.com:2376/] as const,
    ),
    ["ssh://core@host/run/podman.sock", /ssh addresses/],
    ["unix:run/podman.sock", /must be absolute/],
    ["podman.sock", /must be absolute/],
    ["unix://", /must be absolute/],
    ["unix:////", /must be absolute/],
    ["", /must be absolute/],
    [`unix:///${"x".repeat(107)}`, /at most 107 bytes/],
  ];
  for (const [address, expected] of table) {
    assert.throws(() => parseSocketAddress(address, "socket_path"), { code: "config-invalid", message: expected });
  }
});
