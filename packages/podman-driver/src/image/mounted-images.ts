import type { ImageListEntry, PodmanClient } from "@driver/libpod";

/** Of a container: the IDs of the images that are mounted in it. Podman does not count them as used (podman 4.3). */
export const mountedImagesLabel = "nomad-driver-podman.mounted_images";
/** What all labels of this driver's containers begin with. */
const ownPrefix = "nomad-driver-podman.";

/** The labels of a container in which these images are mounted, by their IDs. */
export function toMountedLabels(ids: readonly string[]): Readonly<Record<string, string>> {
  return ids.length === 0 ? {} : { [mountedImagesLabel]: [...new Set(ids)].toSorted().join(",") };
}

/** The images that are mounted in containers of one engine, stopped ones included. */
export class MountedImages {
  readonly #podman: PodmanClient;
  /** By the container of somebody else, what it mounts images by. That never changes. */
  #sources: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(podman: PodmanClient) {
    this.#podman = podman;
  }

  /** IDs of those in this driver's containers, in one call. */
  async listOwn(signal: AbortSignal): Promise<ReadonlySet<string>> {
    return readLabels(await this.#podman.containers.list({ labels: [mountedImagesLabel] }, signal));
  }

  /**
   * IDs of those among `images` that are in any container. Takes one call, and one for each container of somebody else that mounts
   * anything and that has not been looked at before.
   */
  async listAll(images: readonly ImageListEntry[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const containers = await this.#podman.containers.list({}, signal);
    const others = containers.filter(({ labels, mountPaths }) => mountPaths.length > 0 && !isOwn(labels));
    const sources = new Map<string, readonly string[]>();
    for (const { id } of others) {
      const known = this.#sources.get(id) ?? (await this.#look(id, signal));
      if (known !== undefined) sources.set(id, known);
    }
    this.#sources = sources;
    const wanted = new Set([...sources.values()].flat());
    const mounted = images.filter((image) => [...wanted].some((source) => mayBe(image, source)));
    return new Set([...readLabels(containers), ...mounted.map(({ id }) => id)]);
  }

  /** Undefined: it is gone. */
  async #look(id: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const container = await this.#podman.containers.inspect(id, signal);
    return container?.mounts.filter(({ type }) => type === "image").map(({ source }) => source);
  }
}

function isOwn(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some((label) => label.startsWith(ownPrefix));
}

function readLabels(containers: readonly { readonly labels: Readonly<Record<string, string>> }[]): ReadonlySet<string> {
  return new Set(containers.flatMap(({ labels }) => labels[mountedImagesLabel]?.split(",") ?? []));
}

/**
 * Whether somebody who has mounted an image by that name or ID may have meant this one: Podman keeps what was written, and neither the
 * ID nor which image had the name when the container was started (podman 3.0 to 6.1).
 */
function mayBe({ id, names, formerNames, repoDigests }: ImageListEntry, source: string): boolean {
  if (/^(sha256:)?[0-9a-f]{3,64}$/.test(source) && id.startsWith(source.replace(/^sha256:/, ""))) return true;
  const [name = "", digest] = source.split("@");
  if (digest !== undefined) return [...repoDigests, ...names, ...formerNames].some((one) => one.endsWith(`@${digest}`));
  const tagged = (/:[^/]*$/.test(name) ? name : `${name}:latest`).replace(/^docker\.io\/(?=[^/]+$)/, "docker.io/library/");
  return [...names, ...formerNames].some((one) => one === tagged || one.endsWith(`/${tagged}`));
}
