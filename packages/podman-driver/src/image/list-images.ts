import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError, type ImageListEntry, type PodmanClient } from "@driver/libpod";

const tries = 10;
const pauseMs = 200;

/** All images. Podman's list fails as a whole when one of them is removed while it is made (podman 4.3), and is asked for again then. */
export async function listImages(podman: PodmanClient, signal: AbortSignal): Promise<readonly ImageListEntry[]> {
  for (let left = tries; ; left -= 1) {
    try {
      return await podman.images.list(signal);
    } catch (error) {
      if (left <= 1 || !(error instanceof LibpodError && isAboutRemoval(error))) throw error;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The record of an image is gone, or a part of it is (podman 4.3), or its layer (podman 3.0). */
function isAboutRemoval({ podmanCause = "", podmanMessage = "" }: LibpodError): boolean {
  return podmanCause === "image not known" || /^retrieving label for image |: layer not found in layer tree: /.test(podmanMessage);
}
