import type { Heartbeat } from "../host/heartbeat.ts";
import { settleOrAbort } from "../settle-or-abort.ts";
import type { TaskProcesses } from "./task-processes.ts";

export interface HearOptions {
  readonly processes: Pick<TaskProcesses, "isMainGone">;
  readonly heartbeat: Heartbeat;
  /** How much longer Podman is waited for once the task's process is known to have ended. */
  readonly patienceMs: number;
}

/**
 * What Podman answers about a container, however long that takes while its process lives or cannot be seen; `silent`: the process
 * has been gone for `patienceMs`. Rejects as `asking` does, or with the signal's reason.
 */
export async function hearPodman<T>(
  asking: Promise<T>,
  { processes, heartbeat, patienceMs }: HearOptions,
  signal: AbortSignal,
): Promise<T | "silent"> {
  const silence = new AbortController();
  let goneAtMs: number | undefined;
  const stopBeat = heartbeat.subscribe(() => {
    if (!processes.isMainGone()) return;
    goneAtMs ??= performance.now();
    if (performance.now() - goneAtMs >= patienceMs) silence.abort();
  });
  try {
    return await settleOrAbort(asking, AbortSignal.any([signal, silence.signal]));
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted) return "silent";
    throw error;
  } finally {
    stopBeat();
  }
}
