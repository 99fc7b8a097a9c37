import type { CheckThresholds } from "../../job/job.ts";
import type { CheckFinding, CheckStatus } from "./planned-check.ts";

/** A check's status, and the results in a row since it was another one. */
export interface CheckState {
  readonly status: CheckStatus;
  readonly successes: number;
  readonly failures: number;
}

/** The state after one more result: some checks want several in a row before their status changes (`consul`: StatusHandler). */
export function countFinding(state: CheckState, found: CheckFinding["status"], thresholds: CheckThresholds): CheckState {
  if (found !== "critical") {
    const successes = state.successes + 1;
    return { status: successes >= thresholds.successesBeforePassing ? found : state.status, successes, failures: 0 };
  }
  const failures = state.failures + 1;
  const { failuresBeforeCritical, failuresBeforeWarning } = thresholds;
  const beforeWarning = failuresBeforeWarning === 0 ? failuresBeforeCritical : failuresBeforeWarning;
  const failing = failures >= beforeWarning ? "warning" : state.status;
  return { status: failures >= failuresBeforeCritical ? "critical" : failing, successes: 0, failures };
}
