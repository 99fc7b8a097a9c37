import type { CheckRestart } from "../../job/job.ts";
import type { CheckStatus } from "./planned-check.ts";

export interface HealthLook {
  readonly status: CheckStatus;
  /** Since when it is not healthy; undefined: it was when last looked at. */
  readonly unhealthySinceMs: number | undefined;
  /** Since when it is looked at: a start of its task. */
  readonly watchedSinceMs: number;
  readonly nowMs: number;
}

export interface HealthVerdict {
  readonly unhealthySinceMs: number | undefined;
  readonly isRestartDue: boolean;
}

/** Whether a check has failed for so long that its tasks are to be started again (`nomad`: check watcher). All times are of one clock. */
export function judgeHealth({ limit, graceMs, ignoresWarnings }: CheckRestart, intervalMs: number, look: HealthLook): HealthVerdict {
  const { status, unhealthySinceMs, watchedSinceMs, nowMs } = look;
  if (status === "passing" || (status === "warning" && ignoresWarnings)) return { unhealthySinceMs: undefined, isRestartDue: false };
  if (nowMs < watchedSinceMs + graceMs) return { unhealthySinceMs, isRestartDue: false };
  const sinceMs = unhealthySinceMs ?? nowMs;
  return { unhealthySinceMs: sinceMs, isRestartDue: nowMs >= sinceMs + intervalMs * (limit - 1) };
}
