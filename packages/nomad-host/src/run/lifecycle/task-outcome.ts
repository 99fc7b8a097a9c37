import type { WaitResult } from "@driver/nomad-plugin";

import type { TaskName } from "../run-event.ts";
import type { TaskRole } from "./plan-lifecycle.ts";

/** How one task went. */
export interface TaskOutcome extends TaskName {
  readonly role: TaskRole;
  /** Of the last start. Undefined: the task did not start, or its end could not be learned; `error` says why. */
  readonly result: WaitResult | undefined;
  readonly error: unknown;
  /** True: it was told to stop, so its exit code says nothing about the job. */
  readonly isStoppedByHost: boolean;
  /** True: it failed on its own account, and its restart policy gave it up. */
  readonly isFailed: boolean;
  /** How often it was started again. */
  readonly restarts: number;
}

/** Whether a task ended well (`nomad`: exit code 0, no signal, no error; memory that ran out in a child does not count). */
export function isSuccessful({ exitCode, signal, error }: WaitResult): boolean {
  return exitCode === 0 && signal === 0 && (error === undefined || error === "");
}

/** The code a shell would give: the task's own, 128 + the signal that killed it, 1 for any other failure. */
export function toExitCode({ result, isFailed }: TaskOutcome): number {
  if (result === undefined) return 1;
  if (result.exitCode !== 0) return result.exitCode & 0xff || 1;
  if (result.signal !== 0) return 128 + result.signal;
  return isFailed || !isSuccessful(result) ? 1 : 0;
}

/**
 * The exit code of a whole run: of the first main task that failed, else of the first other task that failed, else
 * 130 when the run was interrupted, else 0. `outcomes` are in the order in which the tasks ended.
 */
export function chooseExitCode(outcomes: readonly TaskOutcome[], isInterrupted: boolean): number {
  const failed = outcomes.filter(({ isFailed }) => isFailed);
  const decisive = failed.find(({ role }) => role === "main") ?? failed[0];
  if (decisive !== undefined) return toExitCode(decisive);
  return isInterrupted ? 130 : 0;
}
