import assert from "node:assert/strict";
import { LibpodError } from "../src/index.ts";

/** What the promise rejects with, as a LibpodError. */
export async function failure(promise: Promise<unknown>): Promise<LibpodError> {
  const error = await promise.then(
    () => assert.fail("the call succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LibpodError, String(error));
  return error;
}
