import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { test } from "node:test";
import { DriverError, taskNotFound } from "../driver-error.ts";
import { RecoverableErrorSchema } from "../gen/structs_pb.ts";
import { toCallError } from "./errors.ts";

test("only a driver's error is translated, and its cause is kept", () => {
  const other = new Error("bug");
  assert.equal(toCallError(other), other);
  const error = taskNotFound("x");
  const status = toCallError(error);
  assert.ok(status instanceof ConnectError);
  assert.deepEqual([status.code, status.rawMessage, status.cause], [Code.Unknown, error.message, error]);
});

test("that a start may be tried again is told in the message that its description describes", () => {
  const status = toCallError(new DriverError("failed", "later", { recoverable: true }));
  assert.ok(status instanceof ConnectError);
  assert.equal(status.code, Code.FailedPrecondition);
  const [detail, ...more] = status.details;
  assert.ok(detail !== undefined && "type" in detail);
  assert.deepEqual([detail.type, more], [RecoverableErrorSchema.typeName, []]);
  assert.equal(fromBinary(RecoverableErrorSchema, detail.value).recoverable, true);
});
