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
  ]) {
    assert.equal(parseSocketAddress(address, "socket_path"), "/run/podman/podman.sock", address);
  }
});

test("other addresses are refused by name", () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ["http://localhost:8080", /socket_path: "http:\/\/localhost:8080" .* http addresses are not supported/],
    ["tcp://1.2.3.4:5", /tcp addresses/],
    ["ssh://core@host/run/podman.sock", /ssh addresses/],
    ["unix:run/podman.sock", /must be absolute/],
    ["podman.sock", /must be absolute/],
    ["unix://", /must be absolute/],
    ["", /must be absolute/],
    [`unix:///${"x".repeat(107)}`, /at most 107 bytes/],
  ];
  for (const [address, expected] of table) {
    assert.throws(() => parseSocketAddress(address, "socket_path"), { code: "config-invalid", message: expected });
  }
});
