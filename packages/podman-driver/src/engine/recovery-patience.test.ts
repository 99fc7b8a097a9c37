import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryPatience } from "./recovery-patience.ts";

test("is short for an engine that has not answered, until it answers", () => {
  const patience = new RecoveryPatience();
  const after = [true, false, false, true, false].map((answered) => {
    patience.note({ answered });
    return patience.lookMs;
  });
  assert.deepEqual([new RecoveryPatience().lookMs, ...after], [10_000, 10_000, 250, 250, 10_000, 250]);
});
