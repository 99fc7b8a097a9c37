import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import type { ContainerInspect, PodmanClient } from "@driver/libpod";

const shortestRetryMs = 250;
const longestRetryMs = 5000;

/** Asks for a container until Podman answers; undefined: it knows none. Rejects only when the signal fires. */
export async function findContainer(podman: PodmanClient, containerId: string, logger: Logger, signal: AbortSignal): Promise<ContainerInspect | undefined> {
  for (let retryMs = shortestRetryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
    try {
      return await podman.containers.inspect(containerId, signal);
    } catch (error) {
      signal.throwIfAborted();
      logger.warn("the container of a recovered task cannot be looked at yet", { container: containerId, error: String(error) });
    }
    await sleep(retryMs, undefined, { signal });
  }
}
