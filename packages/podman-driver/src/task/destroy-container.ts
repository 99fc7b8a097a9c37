import { DriverError } from "@driver/nomad-plugin";
import { inStep } from "../errors.ts";
import { killContainer } from "./stop-container.ts";
import { retryTransient } from "./retry-transient.ts";
import type { TaskHandle } from "./task-handle.ts";

export interface DestroyOptions {
  /** False: the stopped container stays until the same task starts again. */
  readonly removes: boolean;
}

/** Nomad destroys a task once and looks at no error: a Podman that is just being restarted gets this long to come back. */
const removeForMs = 10_000;

/** Longest wait for one answer; Podman goes on with a removal that nobody waits for any more. */
const removeAnswerMs = 20_000;

/**
 * Ends a task for good: kills what still runs, hands its result to all waiters, and removes the container with its
 * anonymous volumes. Rejects, and leaves the task known, when Podman does not let the container go.
 */
export async function destroyContainer(task: TaskHandle, options: DestroyOptions, signal: AbortSignal): Promise<void> {
  await killContainer(task, signal);
  if (options.removes) await removeContainer(task, signal);
  await task.close();
}

async function removeContainer(task: TaskHandle, signal: AbortSignal): Promise<void> {
  const shortId = task.containerId.slice(0, 12);
  const deadline = AbortSignal.timeout(removeAnswerMs);
  const bounded = AbortSignal.any([signal, deadline]);
  const remove = (): Promise<boolean> => task.host.client.containers.remove(task.containerId, { force: true, volumes: true, timeoutSeconds: 0 }, bounded);
  try {
    await inStep(`remove container ${shortId}`, retryTransient(remove, { forMs: removeForMs, signal: bounded }));
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new DriverError("failed", `task ${task.id}: it has ended, but Podman has not removed container ${shortId} within ${removeAnswerMs / 1000} s`, { recoverable: true, cause: error });
  }
}
