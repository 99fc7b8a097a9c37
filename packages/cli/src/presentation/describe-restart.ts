import type { RunEvent } from "@driver/nomad-host";

import { formatDuration } from "./format-duration.ts";

/** `restarting in 15s (attempt 1 of 3)`. */
export function describeRestart({ delayMs, attempt, attempts, isWithinPolicy }: Extract<RunEvent, { kind: "task-restarting" }>): string {
  const when = `restarting in ${formatDuration(delayMs)}`;
  return isWithinPolicy ? `${when} (attempt ${attempt} of ${attempts})` : `${when}, in the next interval: ${attempts} restarts are used up`;
}

/** Why a task that failed is not started again. */
export function describeNoRestart({ reason, attempts, intervalMs }: Extract<RunEvent, { kind: "task-not-restarting" }>): string {
  switch (reason) {
    case "no-attempts-allowed":
      return "not restarted: its restart policy allows no restarts";
    case "start-unrecoverable":
      return "not restarted: the driver sees no use in another try";
    case "attempts-used-up":
      return (
        `not restarted: ${attempts} ${attempts === 1 ? "restart" : "restarts"} within ${formatDuration(intervalMs)} ` +
        `${attempts === 1 ? "is" : "are"} used up`
      );
  }
}
