import type { WaitResult } from "@driver/nomad-plugin";

import type { JobType, Task } from "../../job/job.ts";
import type { TaskName } from "../run-event.ts";

/** How one task went. */
export interface TaskOutcome extends TaskName {
  readonly role: "prestart" | "sidecar" | "main";
  /** Undefined: the task did not start, or its end could not be learned; `error` says why. */
  readonly result: WaitResult | undefined;
  readonly error: unknown;
  /** True: it was told to stop, so its exit code says nothing about the job. */
  readonly isStoppedByHost: boolean;
}

/** Whether the task failed on its own account. */
export function hasFailed(outcome: TaskOutcome): boolean {
  return !outcome.isStoppedByHost && toExitCode(outcome) !== 0;
}

/** Whether a Nomad agent would start the task again (`nomad`: restart block; a service restarts also after success). */
export function wouldRestart(task: Task, outcome: TaskOutcome, jobType: JobType): boolean {
  if (outcome.isStoppedByHost || task.restart.attempts === 0) return false;
  const runsForEver = outcome.role === "sidecar" || (outcome.role === "main" && (jobType === "service" || jobType === "system"));
  return runsForEver || hasFailed(outcome);
}

/** The code a shell would give: the task's own, 128 + the signal that killed it, 1 for any other failure. */
export function toExitCode({ result }: TaskOutcome): number {
  if (result === undefined) return 1;
  if (result.exitCode !== 0) return result.exitCode & 0xff || 1;
  if (result.signal !== 0) return 128 + result.signal;
  return result.error === undefined && !result.oomKilled ? 0 : 1;
}

/**
 * The exit code of a whole run: of the first main task that failed, else of the first other task that failed, else
 * 130 when the run was interrupted, else 0. `outcomes` are in the order in which the tasks ended.
 */
export function chooseExitCode(outcomes: readonly TaskOutcome[], isInterrupted: boolean): number {
  const failed = outcomes.filter(hasFailed);
  const decisive = failed.find(({ role }) => role === "main") ?? failed[0];
  if (decisive !== undefined) return toExitCode(decisive);
  return isInterrupted ? 130 : 0;
}
