import type { ContainerSpec, PodmanClient } from "@driver/libpod";
import { resolveImage } from "../image/image-resolver.ts";
import type { Need } from "../topics/topic.ts";
import { meetPaths, type MetPaths, type PathContext } from "./meet-paths.ts";
import { meetVolume } from "./meet-volume.ts";
import type { Rollback } from "./rollback.ts";

export interface StorageContext extends PathContext {
  readonly podman: PodmanClient;
  readonly undo: Rollback;
  /** Does one step with Podman, again where that may help, and names it in the error. */
  inStep<T>(step: string, work: () => Promise<T>): Promise<T>;
}

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

export interface ImageContext {
  readonly podman: PodmanClient;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

type ImageNeed = Extract<Need, { readonly kind: "image" | "mount-image" }>;

/** The part of the spec that the needs give if all images are there already; undefined where that must not be taken for granted. */
export function hopeForNeeds(needs: readonly Need[]): Partial<ContainerSpec> | undefined {
  const images = needs.filter(isImageNeed);
  // Of a mounted image that is missing Podman says so at the start only.
  if (images.some((need) => need.kind === "mount-image" || need.forcePull)) return undefined;
  return Object.assign({}, ...images.map(({ reference }) => ({ image: reference })));
}

/** Sees to it that every image is there that a plan needs, one after the other, and gives the part of the spec that follows from it. */
export async function meetImageNeeds(needs: readonly Need[], context: ImageContext, signal: AbortSignal): Promise<Partial<ContainerSpec>> {
  const { podman, emit } = context;
  const images = needs.filter(isImageNeed);
  const onPull = (pulled: string): void => emit(`Pulling image ${pulled}`, { image: pulled });
  // A mounted image may take as long as the task's own.
  const pullTimeoutMs = Math.max(...images.map((need) => (need.kind === "image" ? need.pullTimeoutMs : 0)));
  const met: Partial<ContainerSpec>[] = [];
  for (const need of images) {
    const forcePull = need.kind === "image" && need.forcePull;
    const { id } = await resolveImage(podman, { reference: need.reference, forcePull, pullTimeoutMs, onPull }, signal);
    if (need.kind === "image") met.push({ image: id });
  }
  return Object.assign({}, ...met);
}

function isImageNeed(need: Need): need is ImageNeed {
  return need.kind === "image" || need.kind === "mount-image";
}
