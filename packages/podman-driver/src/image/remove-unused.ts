import type { ImageListEntry, PodmanClient } from "@driver/libpod";
import { isMark } from "./image-mark.ts";
import { listImages } from "./list-images.ts";
import { splitName } from "./platform.ts";

export interface Removal {
  /** IDs of those that are still there, with all their names. */
  readonly kept: ReadonlySet<string>;
  /** Podman's words about them. */
  readonly errors: readonly string[];
}

/**
 * Removes images with all their names in one call, but for those that a container has come to use. A name is taken off such a one all the
 * same, but for the last (podman 4.3 to 6.1): it is given back. Not broken off half way, or a used image would stay without its names.
 * Rejects with a LibpodError when Podman cannot be asked.
 */
export async function removeUnused(podman: PodmanClient, images: readonly ImageListEntry[]): Promise<Removal> {
  const unending = new AbortController().signal;
  try {
    const errors = await podman.images.remove(images.flatMap(toReferences), unending);
    return errors.length === 0 ? { kept: new Set(), errors } : { kept: await giveNamesBack(podman, images, unending), errors };
  } catch (error) {
    await giveNamesBack(podman, images, unending).catch(() => undefined);
    throw error;
  }
}

/** An image goes by its last name, which is our own where it has that; one with a single name or none goes by its ID. */
function toReferences({ id, repoTags }: ImageListEntry): readonly string[] {
  return repoTags.length < 2 ? [id] : repoTags.toSorted((one, other) => Number(isMark(one)) - Number(isMark(other)));
}

/** To those that are still there. Gives their IDs. */
async function giveNamesBack(podman: PodmanClient, images: readonly ImageListEntry[], signal: AbortSignal): Promise<ReadonlySet<string>> {
  const present = new Map((await listImages(podman, signal)).map(({ id, repoTags }) => [id, repoTags]));
  const kept = new Set<string>();
  for (const { id, repoTags } of images) {
    const left = present.get(id);
    if (left === undefined) continue;
    kept.add(id);
    for (const name of repoTags.filter((one) => !left.includes(one))) await podman.images.tag(id, splitName(name), signal);
  }
  return kept;
}
