import { LibpodError, type ImageListEntry, type PodmanClient } from "@driver/libpod";
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
 * same, but for the last (podman 4.3 to 6.1): it is given back. A name that has moved to another image since the look stays there. Not
 * broken off half way, or a used image would stay without its names. Rejects with a LibpodError when Podman cannot be asked.
 */
export async function removeUnused(podman: PodmanClient, images: readonly ImageListEntry[]): Promise<Removal> {
  const unending = new AbortController().signal;
  try {
    const references: string[] = [];
    for (const image of images) {
      const { fixed, moving } = toNamesToTake(image.repoTags);
      for (const name of moving) await takeMovingNameOff(podman, image.id, name, unending);
      references.push(...fixed, image.id);
    }
    const errors = await podman.images.remove(references, unending);
    return errors.length === 0 ? { kept: new Set(), errors } : { kept: await giveNamesBack(podman, images, unending), errors };
  } catch (error) {
    await giveNamesBack(podman, images, unending).catch(() => undefined);
    throw error;
  }
}

interface NamesToTake {
  /** That no other image can come to have, so that Podman may look for the image by them. */
  readonly fixed: readonly string[];
  /** That may have moved to another image since the look: taken off this one alone. */
  readonly moving: readonly string[];
}

/** All but one, with which the image goes: one with a digest, which cannot be given back, where it has one. Most have a mark and a tag. */
function toNamesToTake(names: readonly string[]): NamesToTake {
  const last = names.find((name) => !isMark(name) && hasDigest(name)) ?? names.find((name) => !isMark(name)) ?? names[0];
  const fixed: string[] = [];
  const moving: string[] = [];
  for (const name of names) if (name !== last) (isMark(name) || hasDigest(name) ? fixed : moving).push(name);
  return { fixed, moving };
}

function hasDigest(name: string): boolean {
  return name.includes("@");
}

async function takeMovingNameOff(podman: PodmanClient, imageId: string, name: string, signal: AbortSignal): Promise<void> {
  try {
    await podman.images.untag(imageId, splitName(name), signal);
  } catch (error) {
    // It has moved; where it has not, the removal says so.
    if (!(error instanceof LibpodError && error.code === "engine-error")) throw error;
  }
}

/** To those that are still there, unless another image has come by the name. Gives their IDs. */
async function giveNamesBack(podman: PodmanClient, images: readonly ImageListEntry[], signal: AbortSignal): Promise<ReadonlySet<string>> {
  const present = new Map((await listImages(podman, signal)).map(({ id, repoTags }) => [id, repoTags]));
  const taken = new Set([...present.values()].flat());
  const kept = new Set<string>();
  for (const { id, repoTags } of images) {
    if (!present.has(id)) continue;
    kept.add(id);
    for (const name of repoTags.filter((one) => !taken.has(one) && !hasDigest(one))) await podman.images.tag(id, splitName(name), signal);
  }
  return kept;
}
