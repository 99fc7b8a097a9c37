import type { NamespaceSpec } from "@driver/libpod";

/** What the needs of a plan have come to. */
export interface Met {
  /** What the container is made from; undefined: it is of no image. */
  readonly image: string | undefined;
  /** IDs of the images that are mounted in it. */
  readonly mountedImages: readonly string[];
  /** Where the host's paths that were judged lead to, by how they are written. */
  readonly paths: ReadonlyMap<string, string>;
  /** Ids of the containers of the tasks that are joined, by their names. */
  readonly containers: ReadonlyMap<string, string>;
}

/** Of a path that nobody had to look at it is as it is written. */
export function whereTo(path: string, { paths }: Pick<Met, "paths">): string {
  return paths.get(path) ?? path;
}

/** A namespace with its container by id: its name may be another container's a moment later. */
export function namespaceById(namespace: NamespaceSpec, { containers }: Pick<Met, "containers">): NamespaceSpec {
  const id = namespace.nsmode === "container" ? containers.get(namespace.value ?? "") : undefined;
  return id === undefined ? namespace : { ...namespace, value: id };
}
