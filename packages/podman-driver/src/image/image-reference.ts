import { DriverError } from "@driver/nomad-plugin";

/** Where an image comes from. */
export type ImageSource =
  /** A name, as Podman is to be asked for it. `isLocal`: no registry has it, as it is an ID or under `localhost/`. */
  { readonly kind: "registry"; readonly reference: string; readonly isLocal: boolean };

const otherTransports = ["oci-archive", "docker-archive", "docker-daemon", "dir", "oci", "containers-storage", "ostree"];

const component = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const label = String.raw`[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`;
/** Has a dot or a port, or is localhost: anything else is the first part of a path. */
const host = String.raw`(?:localhost|\[[0-9a-fA-F:.]+\](?::[0-9]+)?|${label}(?:\.${label})+(?::[0-9]+)?|${label}:[0-9]+)`;
const namePattern = new RegExp(`^(?:${host}/)?${component}(?:/${component})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const idPattern = /^(?:sha256:)?[0-9a-f]{64}$/;
const longestName = 255;

/**
 * What Podman is asked for. A short name stays short, so that the host's registries.conf decides; `docker://`
 * names Docker Hub's spelling in full, which skips those rules. `https://` is taken off, as Nomad's Docker driver does.
 * @throws DriverError `config-invalid` or `unsupported` that says what would be right
 */
export function parseImage(image: string): ImageSource {
  if (image === "") throw new DriverError("config-invalid", "config key image: a name is required; write e.g. docker.io/library/redis:7");
  const transport = /^([a-z-]+):(?!\d)/.exec(image)?.[1];
  if (transport !== undefined && otherTransports.includes(transport)) {
    throw new DriverError("unsupported", `config key image: "${image}" has the transport ${transport}:, which is not supported yet; use a registry reference`);
  }
  if (idPattern.test(image)) return { kind: "registry", reference: image, isLocal: true };
  const reference = image.startsWith("docker:") ? qualify(afterDocker(image)) : image.replace(/^https:\/\//, "");
  checkReference(reference, image);
  return { kind: "registry", reference, isLocal: reference.startsWith("localhost/") };
}

function afterDocker(image: string): string {
  if (image.startsWith("docker://")) return image.slice("docker://".length);
  throw invalid(image, `is not a reference; write docker://${image.slice("docker:".length)}`);
}

/** The grammar of Podman and of registries, whose own messages say neither place nor remedy. */
function checkReference(reference: string, image: string): void {
  const [named = "", digest, ...more] = reference.split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/"));
  const [name, tag] = colon === -1 ? [named, undefined] : [named.slice(0, colon), named.slice(colon + 1)];
  if (/^[a-z]+:\/\//.test(reference)) throw invalid(image, "is a URL; write the registry without its scheme, e.g. registry.example.com/app:1");
  if (/\s/.test(reference)) throw invalid(image, "has a blank in it; remove it");
  if (reference.includes("${")) throw invalid(image, "has a variable in it that nobody has filled in");
  if (more.length > 0) throw invalid(image, "has more than one @; write name@sha256:…");
  if (digest !== undefined && !digestPattern.test(digest)) throw invalid(image, "has no whole digest behind the @; write sha256: and 64 hexadecimal digits");
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(image, "has no valid tag; write 1 to 128 letters, digits, dots, dashes or underscores behind the colon");
  if (name.length > longestName) throw invalid(image, `has a name of more than ${longestName} characters`);
  if (namePattern.test(name)) return;
  const lower = lowerPath(name);
  if (lower !== name && namePattern.test(lower)) throw invalid(image, `has capital letters in its path; write ${reference.replace(name, lower)}`);
  throw invalid(image, "is not the name of an image; write e.g. docker.io/library/redis:7");
}

/** A registry's name may have capitals, a path may not. */
function lowerPath(name: string): string {
  const slash = name.indexOf("/");
  const hasRegistry = slash !== -1 && /[.:]/.test(name.slice(0, slash));
  return hasRegistry ? name.slice(0, slash) + name.slice(slash).toLowerCase() : name.toLowerCase();
}

function invalid(image: string, text: string): DriverError {
  return new DriverError("config-invalid", `config key image: ${JSON.stringify(image)} ${text}`, { configKey: "image" });
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
