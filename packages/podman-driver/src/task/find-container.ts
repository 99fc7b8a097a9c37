import type { ContainerInspect, PodmanClient } from "@driver/libpod";
import { BackOff } from "../back-off.ts";
import type { RepeatedFailure } from "../repeated-failure.ts";

/** Longest wait for one answer: what a service was asked before it hung it may never answer, though it goes on. */
const lookMs = 10_000;
const pauses = { shortestMs: 250, longestMs: 5000 };

/** Asks for a container until Podman answers; undefined: it knows none. Rejects only when the signal fires. */
export async function findContainer(
  podman: PodmanClient,
  containerId: string,
  looks: RepeatedFailure,
  signal: AbortSignal,
): Promise<ContainerInspect | undefined> {
  for (const backOff = new BackOff(pauses); ; await backOff.pause(signal)) {
    try {
      const container = await podman.containers.inspect(containerId, AbortSignal.any([signal, AbortSignal.timeout(lookMs)]));
      looks.succeeded(containerId);
      return container;
    } catch (error) {
      signal.throwIfAborted();
      looks.failed(error, containerId);
    }
  }
}
