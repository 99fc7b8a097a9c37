import type { ContainerSpec } from "@driver/libpod";
import type { ImageContext } from "../image/image-context.ts";
import { toHopedImage, type ImageNeed } from "../image/image-need.ts";
import { parseRegistryImage } from "../image/image-reference.ts";
import { resolveImage } from "../image/image-resolver.ts";
import type { Need } from "../topics/topic.ts";
import { meetPaths, type MetPaths, type PathContext } from "./meet-paths.ts";
import { meetVolume, type VolumeContext } from "./meet-volume.ts";

export interface StorageContext extends PathContext, VolumeContext {}

/**
 * Looks at the host's paths and makes the volumes, whatever becomes of the image.
 * @returns the spec with each judged path as it was found, and what its binds must be
 * @throws DriverError that names key and value
 */
export async function meetStorageNeeds(
  needs: readonly Need[],
  spec: ContainerSpec,
  context: StorageContext,
  signal: AbortSignal,
): Promise<MetPaths> {
  const paths = needs.filter((need) => need.kind === "path");
  const met = paths.length === 0 ? { spec, expected: undefined } : await meetPaths(paths, spec, context);
  for (const need of needs) {
    if (need.kind === "volume") await meetVolume(need, context, signal);
  }
  return met;
}

type AnyImageNeed = Extract<Need, { readonly kind: "image" | "mount-image" }>;

/** The part of the spec that the needs give if all images are there already; undefined where that must not be taken for granted. */
export function hopeForNeeds(needs: readonly Need[]): Partial<ContainerSpec> | undefined {
  const images = needs.filter(isImageNeed);
  // Of a mounted image that is missing Podman says so at the start only.
  const hoped = images.map((need) => (need.kind === "mount-image" ? undefined : toHopedImage(need)));
  return hoped.includes(undefined) ? undefined : Object.assign({}, ...hoped.map((image) => ({ image })));
}

/** Sees to it that every image is there that a plan needs, one after the other, and gives the part of the spec that follows from it. */
export async function meetImageNeeds(needs: readonly Need[], context: ImageContext, signal: AbortSignal): Promise<Partial<ContainerSpec>> {
  const images = needs.filter(isImageNeed);
  const own = images.find((need) => need.kind === "image");
  const met: Partial<ContainerSpec>[] = [];
  for (const need of images) {
    if (need.kind === "image") met.push({ image: await resolveImage(context, need, signal) });
    else if (own !== undefined) await resolveImage(context, toMountedNeed(need.reference, own), signal);
  }
  return Object.assign({}, ...met);
}

function isImageNeed(need: Need): need is AnyImageNeed {
  return need.kind === "image" || need.kind === "mount-image";
}

/** A mounted image is fetched as the task's own is, and may take as long; the registry is asked when it is missing. */
function toMountedNeed(name: string, own: ImageNeed): ImageNeed {
  return { ...own, source: parseRegistryImage(name), checksum: undefined, policy: "missing", platform: undefined };
}
