import assert from "node:assert/strict";
import { test } from "node:test";

import { countFinding } from "./count-finding.ts";
import type { CheckState } from "./count-finding.ts";
import type { CheckFinding } from "./planned-check.ts";

const letters: Readonly<Record<string, CheckFinding["status"]>> = { p: "passing", w: "warning", c: "critical" };

/** The first letters of the statuses that a check goes through, from critical on. */
function statuses(findings: string, thresholds: Partial<Parameters<typeof countFinding>[2]> = {}): string {
  const all = { successesBeforePassing: 0, failuresBeforeCritical: 0, failuresBeforeWarning: 0, ...thresholds };
  let state: CheckState = { status: "critical", successes: 0, failures: 0 };
  return [...findings].reduce((text, letter) => {
    state = countFinding(state, letters[letter] ?? "critical", all);
    return text + state.status[0];
  }, "");
}

test("without thresholds each finding is the status", () => {
  assert.equal(statuses("pcwp"), "pcwp");
});

test("success_before_passing wants so many in a row", () => {
  assert.equal(statuses("ppcppp", { successesBeforePassing: 3 }), "cccccp");
});

test("failures_before_critical wants so many in a row", () => {
  assert.equal(statuses("pccpccc", { failuresBeforeCritical: 3 }), "pppp" + "ppc");
});

test("failures_before_warning comes first", () => {
  assert.equal(statuses("pcccc", { failuresBeforeWarning: 2, failuresBeforeCritical: 4 }), "ppwwc");
});
