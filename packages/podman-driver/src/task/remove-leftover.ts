import { LibpodError, type ContainerInspect, type PodmanClient } from "@driver/libpod";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import { toDependents } from "../errors.ts";
import { isOfAllocation } from "./container-claim.ts";
import { retryTransient } from "./retry-transient.ts";

export interface ReleaseContext {
  readonly podman: PodmanClient;
  readonly task: TaskConfig;
  readonly logger: Logger;
}

/** How long the containers that have joined an old one get to end by themselves. */
const stopSeconds = 5;
/** Then Nomad has so long to destroy their tasks. */
const destroyWithinMs = 1000;
const releaseForMs = 15_000;
const removal = { force: true, volumes: true, timeoutSeconds: 0 } as const;

/**
 * Removes what an earlier start of a task has left. Podman keeps a container for as long as others are in a namespace of it. Those
 * of the same allocation are cut off since it ended, so they are ended: Nomad starts them anew by their restart policy, and they join the
 * task that is about to start. Nobody else's are touched.
 */
export async function removeLeftover({ podman, task, logger }: ReleaseContext, containerId: string, signal: AbortSignal): Promise<void> {
  const removeIt = async (): Promise<void> => {
    try {
      await podman.containers.remove(containerId, removal, signal);
    } catch (error) {
      for (const id of toDependents(error, containerId)) await release(id);
      throw error;
    }
  };
  const release = async (id: string): Promise<void> => {
    const found = await podman.containers.inspect(id, signal);
    if (found === undefined || !isOfAllocation(found, task)) return;
    if (found.state.running) {
      logger.warn("a task is ended that shares a namespace with one that ended before, and now starts anew", {
        container: found.name,
        joined: task.name,
      });
      await podman.containers.stop(id, { timeoutSeconds: stopSeconds }, signal).catch(unlessGone);
    } else if (hasBeenLeft(found)) await podman.containers.remove(id, removal, signal);
  };
  await retryTransient(removeIt, { forMs: releaseForMs, when: (error) => toDependents(error, containerId).length > 0, signal });
}

/** Nomad may have had it destroyed as soon as it had ended. */
function unlessGone(error: unknown): void {
  if (!(error instanceof LibpodError && error.code === "not-found")) throw error;
}

/** Its task's output has been read by now, and Nomad has had the time to have it removed. */
function hasBeenLeft({ state }: ContainerInspect): boolean {
  return state.finishedAt !== undefined && Date.now() - state.finishedAt.getTime() > destroyWithinMs;
}
