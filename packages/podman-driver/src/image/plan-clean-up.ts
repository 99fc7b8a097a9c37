import type { ImageListEntry } from "@driver/libpod";
import type { ImageCleanUpPolicy } from "../config/image-clean-up-policy.ts";
import { isMarked, ownRepository } from "./image-mark.ts";

/** Since when images have been without a container, by their ID, in ms of a clock that never goes back. */
export type UnusedSince = ReadonlyMap<string, number>;

export interface CleanUpPlan {
  /** Without a container for long enough, the longest first. */
  readonly due: readonly ImageListEntry[];
  /** What the next look is told. */
  readonly unusedSince: UnusedSince;
}

export interface CleanUpFacts {
  readonly policy: ImageCleanUpPolicy;
  /** IDs of the images that are mounted in containers, or held by a start, which Podman does not count. */
  readonly mounted: ReadonlySet<string>;
  /** Of the same clock as `UnusedSince`. */
  readonly nowMs: number;
}

/** Podman makes this image for the infra container of pods. */
const alwaysKept = ["localhost/podman-pause:*"];

/**
 * Which images may go. Use is what Podman counts: stopped containers and other people's too. What is seen without a container for the
 * first time is never due, as a task may be about to be made from it.
 */
export function planCleanUp(
  images: readonly ImageListEntry[],
  before: UnusedSince,
  { policy, mounted, nowMs }: CleanUpFacts,
): CleanUpPlan {
  const kept = [...alwaysKept, ...policy.keep].map(toPattern);
  const unused = images.filter(({ id, containerCount }) => containerCount === 0 && !mounted.has(id));
  const unusedSince = new Map(unused.map(({ id }) => [id, before.get(id) ?? nowMs]));
  const due = unused.filter((image) => {
    const sinceMs = before.get(image.id);
    const isOurs = policy.takesOthers || isMarked(image);
    return (
      sinceMs !== undefined &&
      nowMs - sinceMs >= policy.delayMs &&
      isOurs &&
      !namesOf(image).some((name) => kept.some((pattern) => pattern.test(name)))
    );
  });
  const ageOf = ({ id }: ImageListEntry): number => unusedSince.get(id) ?? nowMs;
  return { due: due.toSorted((one, other) => ageOf(one) - ageOf(other)), unusedSince };
}

/** The names that others know it by, and its ID. */
function namesOf({ id, names }: ImageListEntry): readonly string[] {
  return [id, ...names.filter((name) => !name.startsWith(`${ownRepository}/`))];
}

/** `*` is any text, slashes too, and `?` any one character. */
function toPattern(glob: string): RegExp {
  const source = glob.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`).replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s");
}
