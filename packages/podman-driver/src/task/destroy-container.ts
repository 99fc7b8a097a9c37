import type { PodmanClient } from "@driver/libpod";
import { inStep, isNoAnswer, isTransient, toDependents } from "../errors.ts";
import { answersWithin } from "./answers-within.ts";
import { killContainer } from "./stop-container.ts";
import { retryTransient } from "./retry-transient.ts";
import type { TaskHandle } from "./task-handle.ts";

/** Nomad destroys a task once and looks at no error: a Podman that answers with one is asked again for so long. */
const removeForMs = 10_000;
/** A Podman that does not answer gets so long: until then Nomad shows the allocation as running. It goes on with a removal it has begun. */
const silentForMs = 5000;

/** Ends a task but for its container: kills what still runs, and hands its result to all waiters. Rejects when it lives on. */
export async function endTask(task: TaskHandle, signal: AbortSignal): Promise<void> {
  await killContainer(task, signal);
  await task.close();
}

/**
 * Removes a container with its anonymous volumes. Rejects when Podman does not let it go, at once where others are in its network
 * (`toDependents`), and when it does not answer (`isNoAnswer`).
 */
export async function removeContainer(podman: PodmanClient, containerId: string, signal: AbortSignal): Promise<void> {
  const silentAtMs = performance.now() + silentForMs;
  const remove = (): Promise<boolean> =>
    answersWithin(silentForMs, signal, (bounded) =>
      podman.containers.remove(containerId, { force: true, volumes: true, timeoutSeconds: 0 }, bounded),
    );
  const when = (error: unknown): boolean =>
    isNoAnswer(error) ? performance.now() < silentAtMs : isTransient(error) && toDependents(error, containerId).length === 0;
  await inStep(`remove container ${containerId.slice(0, 12)}`, retryTransient(remove, { forMs: removeForMs, when, signal }));
}
