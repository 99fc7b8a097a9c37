import assert from "node:assert/strict";
import { test } from "node:test";
import { isFatalSessionEnd } from "./session-guard.ts";

const protocolError = Object.assign(new Error("Protocol error"), { code: "ERR_HTTP2_ERROR" });
const goaway = Object.assign(new Error("Session closed with error code 2"), { code: "ERR_HTTP2_SESSION_ERROR" });
const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
const brokenPipe = Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" });

const ends: readonly (readonly [title: string, error: Error | undefined, openCalls: number, fatal: boolean])[] = [
  ["HTTP/2 broke under open calls", protocolError, 1, true],
  ["HTTP/2 broke with no call open", protocolError, 0, false],
  ["the host hung up", undefined, 5, false],
  ["the host was killed, and its socket reset", reset, 5, false],
  ["a write found the host gone", brokenPipe, 5, false],
  ["the host said goodbye", goaway, 5, false],
];

for (const [title, error, openCalls, fatal] of ends) {
  test(`when ${title} the plugin ${fatal ? "ends" : "goes on"}`, () => assert.equal(isFatalSessionEnd({ error, openCalls }), fatal));
}
