import assert from "node:assert/strict";
import { test } from "node:test";
import { waitAborted } from "./wait-aborted.ts";

test("waiting for an abort settles with it, also when it was earlier", async () => {
  const stop = new AbortController();
  const waiting = waitAborted(stop.signal);
  assert.equal(await Promise.race([waiting.then(() => "settled"), Promise.resolve("waits")]), "waits");
  stop.abort();
  await waiting;
  await waitAborted(stop.signal);
});
