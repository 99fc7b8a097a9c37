import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerInspect, PodmanClient } from "@driver/libpod";
import type { RepeatedFailure } from "../repeated-failure.ts";

const shortestRetryMs = 250;
const longestRetryMs = 5000;

/** Asks for a container until Podman answers; undefined: it knows none. Rejects only when the signal fires. */
export async function findContainer(podman: PodmanClient, containerId: string, looks: RepeatedFailure, signal: AbortSignal): Promise<ContainerInspect | undefined> {
  for (let retryMs = shortestRetryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
    try {
      const container = await podman.containers.inspect(containerId, signal);
      looks.succeeded(containerId);
      return container;
    } catch (error) {
      signal.throwIfAborted();
      looks.failed(error, containerId);
    }
    await sleep(retryMs, undefined, { signal });
  }
}
