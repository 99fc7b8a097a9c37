import type { PodmanClient } from "@driver/libpod";

/** Of a container: the IDs of the images that are mounted in it. Podman does not count them as used (podman 4.3). */
export const mountedImagesLabel = "nomad-driver-podman.mounted_images";

/** The labels of a container in which these images are mounted, by their IDs. */
export function toMountedLabels(ids: readonly string[]): Readonly<Record<string, string>> {
  return ids.length === 0 ? {} : { [mountedImagesLabel]: [...new Set(ids)].toSorted().join(",") };
}

/** IDs of the images that are mounted in containers of this driver's, stopped ones included. */
export async function listMountedImages(podman: PodmanClient, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const containers = await podman.containers.list({ labels: [mountedImagesLabel] }, signal);
  return new Set(containers.flatMap(({ labels }) => labels[mountedImagesLabel]?.split(",") ?? []));
}
