import type { JobType, RestartPolicy, Task } from "../../job/job.ts";
import type { NoRestartReason } from "../run-event.ts";

/** How one life of a task ended, as far as the restart policy cares. */
export type TaskEnding =
  | { readonly kind: "exited"; readonly isSuccessful: boolean }
  /** StartTask failed; the driver says whether another try may help. */
  | { readonly kind: "start-failed"; readonly isRecoverable: boolean };

/** What a task has used up of its policy. */
export interface RestartState {
  /** When the present interval began, by the clock that `nowMs` comes from. */
  readonly intervalStartMs: number;
  /** Endings within it. */
  readonly count: number;
}

export type RestartDecision =
  /** The task is done, and well. */
  | { readonly action: "finish" }
  | { readonly action: "fail"; readonly reason: NoRestartReason }
  | {
      readonly action: "restart";
      readonly delayMs: number;
      /** Counted from 1 within the interval. */
      readonly attempt: number;
      /** False: the attempts are used up, and the mode `delay` waits for the next interval. */
      readonly isWithinPolicy: boolean;
      readonly state: RestartState;
    };

export interface RestartSituation {
  readonly policy: RestartPolicy;
  /** True: the task is started again after success, too. */
  readonly restartsOnSuccess: boolean;
  readonly state: RestartState;
  readonly nowMs: number;
  /** From 0 to below 1: how much of the jitter is added. */
  readonly random: number;
}

/** Part of the delay that is added at most, so that many tasks do not restart at once (`nomad`: 25 %). */
const jitter = 0.25;

/** Decides what follows the end of a task that nobody asked to stop (`nomad`: restart block). */
export function planRestart(ending: TaskEnding, situation: RestartSituation): RestartDecision {
  const { policy, restartsOnSuccess, nowMs, random } = situation;
  if (ending.kind === "exited" && ending.isSuccessful && !restartsOnSuccess) return { action: "finish" };
  if (policy.attempts === 0) return { action: "fail", reason: "no-attempts-allowed" };
  if (ending.kind === "start-failed" && !ending.isRecoverable) return { action: "fail", reason: "start-unrecoverable" };
  const state = countEnding(situation);
  const attempt = state.count;
  if (attempt <= policy.attempts) {
    return { action: "restart", delayMs: policy.delayMs * (1 + random * jitter), attempt, isWithinPolicy: true, state };
  }
  if (policy.mode === "fail") return { action: "fail", reason: "attempts-used-up" };
  const delayMs = state.intervalStartMs + policy.intervalMs - nowMs;
  return { action: "restart", delayMs, attempt, isWithinPolicy: false, state };
}

/** The end of an interval is seen at the first ending after it. */
function countEnding({ policy, state, nowMs }: RestartSituation): RestartState {
  const isNewInterval = nowMs > state.intervalStartMs + policy.intervalMs;
  return isNewInterval ? { intervalStartMs: nowMs, count: 1 } : { ...state, count: state.count + 1 };
}

/** Whether a task is to run for ever: services and system tasks do, and every sidecar; no other lifecycle task does. */
export function restartsOnSuccess({ lifecycle }: Task, jobType: JobType): boolean {
  return lifecycle === undefined ? jobType === "service" || jobType === "system" : lifecycle.sidecar;
}
