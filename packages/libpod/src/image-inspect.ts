import { JsonReader, readList } from "./json-reader.ts";

/** A local image. */
export interface ImageInspect {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly sizeBytes: number;
}

/** One image of a list. */
export interface ImageListEntry {
  readonly id: string;
  readonly repoTags: readonly string[];
  /** Every name the image has had; Podman keeps the present ones here too. */
  readonly names: readonly string[];
  /** Names it has had, of which some may have moved to another image. */
  readonly formerNames: readonly string[];
  /** `repository@sha256:…` by which it is found. */
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** Containers made from it, stopped ones included. */
  readonly containerCount: number;
}

/** Decodes `GET /images/{name}/json`; a member of a wrong type is a JsonShapeError. */
export function decodeImageInspect(value: unknown): ImageInspect {
  const reader = new JsonReader(value, "image");
  return {
    id: reader.requiredString("Id"),
    repoTags: reader.strings("RepoTags"),
    os: reader.string("Os"),
    architecture: reader.string("Architecture"),
    sizeBytes: reader.number("Size"),
  };
}

/** Decodes `GET /images/json`; a member of a wrong type is a JsonShapeError. */
export function decodeImageList(value: unknown): readonly ImageListEntry[] {
  return readList(value, "image list").map((item) => {
    const reader = new JsonReader(item, "image list entry");
    return {
      id: reader.requiredString("Id"),
      repoTags: reader.strings("RepoTags"),
      names: reader.strings("Names"),
      formerNames: reader.strings("History"),
      repoDigests: reader.strings("RepoDigests"),
      sizeBytes: reader.number("Size"),
      containerCount: reader.number("Containers"),
    };
  });
}
