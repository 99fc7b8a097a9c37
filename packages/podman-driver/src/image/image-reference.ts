import { DriverError } from "@driver/nomad-plugin";

/**
 * What Podman is asked for. A short name stays short, so that the host's registries.conf decides; `docker://`
 * names Docker Hub's spelling in full, which skips those rules.
 */
export function toPullReference(image: string): string {
  if (image === "") throw new DriverError("config-invalid", "config key image: a name is required; write e.g. docker.io/library/redis:7");
  const transport = /^([a-z-]+):(?!\d)/.exec(image)?.[1];
  if (transport !== undefined && transport !== "docker" && isTransport(transport)) {
    throw new DriverError("unsupported", `config key image: "${image}" has the transport ${transport}:, which is not supported yet; use a registry reference`);
  }
  if (!image.startsWith("docker:")) return image;
  if (!image.startsWith("docker://")) {
    throw new DriverError("config-invalid", `config key image: "${image}" is not a reference; write docker://${image.slice("docker:".length)}`);
  }
  return qualify(image.slice("docker://".length));
}

function isTransport(word: string): boolean {
  return ["oci-archive", "docker-archive", "docker-daemon", "dir", "oci", "containers-storage", "ostree"].includes(word);
}

function qualify(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (hasRegistry) return withTag(reference);
  return withTag(rest.length === 0 ? `docker.io/library/${reference}` : `docker.io/${reference}`);
}

function withTag(reference: string): string {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  return name.includes("@") || name.includes(":") ? reference : `${reference}:latest`;
}
