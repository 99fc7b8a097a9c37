import { DriverError } from "@driver/nomad-plugin";
import { toTimerMs } from "@driver/std";

/**
 * Asks Podman something with a signal that also fires after `timeoutMs`. Rejects with a recoverable `DriverError` when that was it,
 * with the caller's reason when he left, and else with what `work` rejects with.
 */
export async function answersWithin<T>(timeoutMs: number, signal: AbortSignal, work: (bounded: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = AbortSignal.timeout(toTimerMs(timeoutMs));
  try {
    return await work(AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new DriverError("failed", `no answer from Podman within ${timeoutMs / 1000} s`, { recoverable: true, cause: error });
  }
}
