import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHandshakeLine, parseHandshakeLine, resolveStartMode } from "./handshake.ts";
import type { Handshake } from "./handshake.ts";

const handshake: Handshake = { cookieKey: "COOKIE", cookieValue: "right", protocolVersion: 2 };

test("the cookie decides between plugin, refusal and command line", () => {
  assert.equal(resolveStartMode({ COOKIE: "right" }, handshake), "plugin");
  assert.equal(resolveStartMode({ COOKIE: "left" }, handshake), "wrong-cookie");
  assert.equal(resolveStartMode({ COOKIE: "" }, handshake), "cli");
  assert.equal(resolveStartMode({}, handshake), "cli");
});

test("the line has six fields, and a seventh when asked for", () => {
  const line = { socketPath: "/tmp/p.sock", protocolVersion: 2 };
  assert.equal(formatHandshakeLine({ ...line, announceMultiplexing: false }), "1|2|unix|/tmp/p.sock|grpc|\n");
  assert.equal(formatHandshakeLine({ ...line, announceMultiplexing: true }), "1|2|unix|/tmp/p.sock|grpc||false\n");
});

test("a host reads addresses of both kinds, with and without the later fields", () => {
  assert.deepEqual(parseHandshakeLine("1|2|unix|/tmp/p.sock|grpc|", handshake), { network: "unix", path: "/tmp/p.sock" });
  assert.deepEqual(parseHandshakeLine(" 1|2|tcp|127.0.0.1:10000|grpc\r", handshake), { network: "tcp", host: "127.0.0.1", port: 10_000 });
  assert.deepEqual(parseHandshakeLine("1|2|tcp|[::1]:10000|grpc||true", handshake), { network: "tcp", host: "::1", port: 10_000 });
});

const rejected: readonly (readonly [line: string, reason: RegExp])[] = [
  ["", /fewer than four fields/],
  ["hello world", /"hello world": it has fewer than four fields/],
  ["2|2|unix|/tmp/p.sock|grpc|", /core protocol version is "2", this host speaks 1/],
  ["1|1|unix|/tmp/p.sock|grpc|", /plugin protocol version is "1", this host speaks 2/],
  ["1|2|unix|/tmp/p.sock", /protocol is "netrpc", this host speaks grpc/],
  ["1|2|unix|p.sock|grpc|", /socket path "p.sock" is not absolute/],
  ["1|2|pipe|/tmp/p.sock|grpc|", /network is "pipe", expected unix or tcp/],
  ["1|2|tcp|127.0.0.1|grpc|", /address "127.0.0.1" is not host:port/],
  ["1|2|tcp|127.0.0.1:70000|grpc|", /is not host:port/],
  [`1|2|unix|/tmp/p.sock|grpc|${"A".repeat(51)}`, /certificate/],
];

for (const [line, reason] of rejected) {
  test(`a host refuses the handshake ${JSON.stringify(line.slice(0, 40))}`, () => {
    assert.throws(() => parseHandshakeLine(line, handshake), { code: "handshake-invalid", message: reason });
  });
}
