import type { PodmanClient } from "@driver/libpod";
import type { ImageSettings } from "../config/image-settings.ts";
import type { ImageContext } from "./image-context.ts";
import { isMarked, toMark } from "./image-mark.ts";
import { listImages } from "./list-images.ts";

/** Marks are put on even when nobody waits any more: an image without one stays for ever. */
const markDeadlineMs = 30_000;

/**
 * Marks what a pull or a load brings as this driver's to remove, unless it was there before without a mark, which is somebody else's.
 * One with a mark may be removed while the pull begins, and come anew. `bring` notes what has come by name or ID: also what it then
 * cannot use, such as an image of another platform. Gives what `bring` gives.
 */
export async function markBrought(
  { podman, settings }: Pick<ImageContext, "podman"> & { readonly settings: Pick<ImageSettings, "marksPulled"> },
  bring: (note: (reference: string) => void) => Promise<string>,
  signal: AbortSignal,
): Promise<string> {
  if (!settings.marksPulled) return await bring(() => undefined);
  const others = (await listImages(podman, signal)).filter((image) => !isMarked(image));
  const before = new Set(others.map(({ id }) => id));
  const brought = new Set<string>();
  try {
    const id = await bring((reference) => brought.add(reference));
    await markNew(podman, brought, before);
    return id;
  } catch (error) {
    await markNew(podman, brought, before).catch(() => undefined);
    throw error;
  }
}

async function markNew(podman: PodmanClient, brought: ReadonlySet<string>, before: ReadonlySet<string>): Promise<void> {
  const signal = AbortSignal.timeout(markDeadlineMs);
  for (const reference of brought) {
    const id = (await podman.images.inspect(reference, signal))?.id;
    if (id !== undefined && !before.has(id)) await podman.images.tag(id, toMark(id), signal);
  }
}
