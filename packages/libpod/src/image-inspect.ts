import { JsonReader, readList } from "./json-reader.ts";

/** A local image. */
export interface ImageInspect {
  readonly id: string;
  readonly digest: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly sizeBytes: number;
  readonly createdAt: Date | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly config: ImageConfig;
}

/** What the image asks of a container. */
export interface ImageConfig {
  readonly user: string;
  readonly workingDir: string;
  /** "NAME=value". */
  readonly env: readonly string[];
  readonly command: readonly string[];
  readonly entrypoint: readonly string[];
  /** Folders that become anonymous volumes. */
  readonly volumes: readonly string[];
  /** "80/tcp". */
  readonly exposedPorts: readonly string[];
  /** A name or a number; empty when the image does not say. */
  readonly stopSignal: string;
}

/** One image of a list. */
export interface ImageListEntry {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** Every name the image has had; Podman keeps the present ones here too. */
  readonly names: readonly string[];
  readonly createdAt: Date | undefined;
  readonly sizeBytes: number;
  /** Containers made from it, stopped ones included. */
  readonly containerCount: number;
  readonly dangling: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** Decodes `GET /images/{name}/json`; a member of a wrong type is a JsonShapeError. */
export function decodeImageInspect(value: unknown): ImageInspect {
  const reader = new JsonReader(value, "image");
  return {
    id: reader.requiredString("Id"),
    digest: reader.string("Digest"),
    repoTags: reader.strings("RepoTags"),
    repoDigests: reader.strings("RepoDigests"),
    os: reader.string("Os"),
    architecture: reader.string("Architecture"),
    sizeBytes: reader.number("Size"),
    createdAt: reader.date("Created"),
    labels: reader.stringMap("Labels"),
    config: decodeImageConfig(reader.nested("Config")),
  };
}

function decodeImageConfig(reader: JsonReader): ImageConfig {
  return {
    user: reader.string("User"),
    workingDir: reader.string("WorkingDir"),
    env: reader.strings("Env"),
    command: reader.strings("Cmd"),
    entrypoint: reader.strings("Entrypoint"),
    volumes: reader.entries("Volumes").map(([folder]) => folder),
    exposedPorts: reader.entries("ExposedPorts").map(([port]) => port),
    stopSignal: reader.string("StopSignal"),
  };
}

/** Decodes `GET /images/json`; a member of a wrong type is a JsonShapeError. */
export function decodeImageList(value: unknown): readonly ImageListEntry[] {
  return readList(value, "image list").map((item) => {
    const reader = new JsonReader(item, "image list entry");
    return {
      id: reader.requiredString("Id"),
      repoTags: reader.strings("RepoTags"),
      repoDigests: reader.strings("RepoDigests"),
      names: reader.strings("Names"),
      createdAt: reader.dateFromSeconds("Created"),
      sizeBytes: reader.number("Size"),
      containerCount: reader.number("Containers"),
      dangling: reader.boolean("Dangling"),
      labels: reader.stringMap("Labels"),
    };
  });
}
