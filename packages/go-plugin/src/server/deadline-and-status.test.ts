import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError, parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import assert from "node:assert/strict";
import { test } from "node:test";
import { toErrorTrailers, toTimeoutMs } from "./deadline-and-status.ts";

// Against the library's own, which brings descriptions of messages along.

for (const text of ["1H", "2M", "3S", "40m", "500u", "60000000n", "99999999H", "0S"]) {
  test(`the timeout ${text} is what the library says`, () => {
    const { timeoutMs = Number.NaN } = parseTimeout(text, Number.POSITIVE_INFINITY);
    assert.ok(Math.abs(toTimeoutMs(text) - timeoutMs) < 1, `${toTimeoutMs(text)} and ${timeoutMs}`);
  });
}

for (const text of ["", "soon", "1", "1h", "123456789S", "-1S", "1.5S"]) {
  test(`${JSON.stringify(text)} is no timeout`, () => {
    assert.throws(() => toTimeoutMs(text), { code: Code.InvalidArgument });
  });
}

const detail = { type: "hashicorp.nomad.plugins.shared.structs.RecoverableError", value: new Uint8Array([8, 1]) };

for (const [what, error] of [
  ["a text", new ConnectError("no such thing", Code.NotFound)],
  ["letters that headers do not carry", new ConnectError("n\u00e4me \u{1F433} 100 %\nsecond line", Code.Unknown)],
  ["trailers of its own", new ConnectError("x", Code.Internal, { "driver-error-code": "failed", other: "1" })],
] as const) {
  test(`an error with ${what} has the library's trailers`, () => {
    assert.deepEqual(toErrorTrailers(error), Object.fromEntries(setTrailerStatus(new Headers(), error)));
  });
}

test("the details of an error are read by the library as they were given", () => {
  const error = new ConnectError("later", Code.FailedPrecondition);
  error.details = [detail];
  const trailers = toErrorTrailers(error);
  assert.deepEqual(trailers, Object.fromEntries(setTrailerStatus(new Headers(), error)));
  const [found] = findTrailerError(new Headers(trailers as Record<string, string>))?.details ?? [];
  assert.ok(found !== undefined && "type" in found);
  assert.deepEqual([found.type, Buffer.from(found.value)], [detail.type, Buffer.from(detail.value)]);
});
