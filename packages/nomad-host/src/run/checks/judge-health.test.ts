import assert from "node:assert/strict";
import { test } from "node:test";

import { judgeHealth } from "./judge-health.ts";
import type { CheckStatus } from "./planned-check.ts";

/** After how many looks, one a second, a check restarts its task; undefined: never. Each letter is what one look sees. */
function restartAt(statuses: string, policy: Partial<Parameters<typeof judgeHealth>[0]>, intervalMs = 2_000): number | undefined {
  const words: Readonly<Record<string, CheckStatus>> = { ".": "passing", w: "warning", c: "critical", "?": "pending" };
  const restart = { limit: 1, graceMs: 0, ignoresWarnings: false, ...policy };
  let unhealthySinceMs: number | undefined;
  for (const [index, letter] of [...statuses].entries()) {
    const look = { status: words[letter] ?? "passing", unhealthySinceMs, watchedSinceMs: 0, nowMs: (index + 1) * 1_000 };
    const verdict = judgeHealth(restart, intervalMs, look);
    if (verdict.isRestartDue) return index + 1;
    unhealthySinceMs = verdict.unhealthySinceMs;
  }
  return undefined;
}

const cases: readonly (readonly [statuses: string, policy: Parameters<typeof restartAt>[1], wanted: number | undefined])[] = [
  ["..c", {}, 3],
  ["..w", {}, 3],
  ["..w", { ignoresWarnings: true }, undefined],
  ["..ccccc", { limit: 2 }, 5],
  ["..ccccc", { limit: 3 }, 7],
  ["c.c.c.c.c", { limit: 2 }, undefined],
  ["ccwcc", { limit: 3, ignoresWarnings: true }, undefined],
  ["ccccc", { graceMs: 3_000 }, 3],
  ["ccccccc", { graceMs: 3_000, limit: 2 }, 5],
  ["???", { graceMs: 2_000 }, 2],
];

for (const [statuses, policy, wanted] of cases)
  test(`${statuses} with ${JSON.stringify(policy)} restarts ${wanted === undefined ? "nothing" : `at ${wanted} s`}`, () => {
    assert.equal(restartAt(statuses, policy), wanted);
  });
