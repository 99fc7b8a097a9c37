import type { ImageListEntry, ImageName } from "@driver/libpod";

/** Of all names that this driver gives images. */
export const ownRepository = "localhost/nomad-driver-podman";
const markRepository = `${ownRepository}/pulled`;
const markPrefix = `${markRepository}:`;

/**
 * The name that says that this driver has pulled an image, and may remove it. Kept in the store itself: it outlives the plugin, goes
 * with the image, and whoever takes it off keeps the image.
 */
export function toMark(imageId: string): ImageName {
  return { repository: markRepository, tag: imageId.slice(0, 24) };
}

export function isMark(name: string): boolean {
  return name.startsWith(markPrefix);
}

export function isMarked({ repoTags }: Pick<ImageListEntry, "repoTags">): boolean {
  return repoTags.some(isMark);
}
