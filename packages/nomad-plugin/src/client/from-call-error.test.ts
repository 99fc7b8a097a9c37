import { Code, ConnectError } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverError } from "../driver-error.ts";
import { RecoverableErrorSchema } from "../gen/structs_pb.ts";
import { fromCallError } from "./from-call-error.ts";

const signal = new AbortController().signal;

test("errors of a driver written in Go get a code by their text or status", () => {
  const errors = [
    [new ConnectError("task not found for given id", Code.Unknown), "task-not-found"],
    [new ConnectError("rpc not known", Code.Unimplemented), "unsupported"],
    [new ConnectError("anything else", Code.Unknown), "failed"],
    [new Error("socket closed"), "failed"],
  ] as const;
  for (const [error, code] of errors) {
    const back = fromCallError(error, signal);
    assert.ok(back instanceof DriverError);
    assert.deepEqual([back.code, back.recoverable], [code, false]);
  }
});

test("a detail that says false is not recoverable", () => {
  const error = new ConnectError("no", Code.FailedPrecondition, undefined, [
    { desc: RecoverableErrorSchema, value: { recoverable: false } },
  ]);
  const back = fromCallError(error, signal);
  assert.ok(back instanceof DriverError);
  assert.equal(back.recoverable, false);
});

test("an aborted call fails with the signal's reason, whatever the status", () => {
  const reason = new Error("enough");
  assert.equal(fromCallError(new ConnectError("x", Code.Unavailable), AbortSignal.abort(reason)), reason);
});
