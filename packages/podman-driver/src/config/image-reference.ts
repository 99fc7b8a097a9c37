import { join, normalize } from "node:path";
import type { DriverError } from "@driver/nomad-plugin";
import { toRefusal } from "./report.ts";

/** A name, as Podman is to be asked for it. `isLocal`: no registry has it, as it is an ID or under `localhost/`. */
export interface RegistrySource {
  readonly kind: "registry";
  readonly reference: string;
  readonly isLocal: boolean;
}

/** A docker-archive or oci-archive, which Podman tells apart itself. */
export interface ArchiveSource {
  readonly kind: "archive";
  readonly at: "file" | "address";
  /** Absolute path, or http(s) URL. */
  readonly place: string;
  /** The same for messages, without what may be secret. */
  readonly shown: string;
  /** Which of its images; empty: the first. */
  readonly name: string;
  /** The folder that the path must not lead out of; undefined: anywhere. */
  readonly within: string | undefined;
}

/** A root file system on the host in place of an image. `isOverlay`: what the task changes is dropped with its container. */
export interface RootfsSource {
  readonly kind: "rootfs";
  readonly path: string;
  readonly isOverlay: boolean;
  readonly within: string | undefined;
}

/** Where an image comes from. */
export type ImageSource = RegistrySource | ArchiveSource | RootfsSource;

/** The folders of a task that paths in its config begin in. */
export interface TaskFolders {
  readonly allocDir: string;
  readonly taskName: string;
}

const otherTransports = ["docker-daemon", "dir", "oci", "containers-storage", "ostree"];

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
 * names Docker Hub's spelling in full, which skips those rules. `https://` is taken off, as Nomad's Docker driver does. Paths begin
 * in the task's folder.
 * @throws DriverError `config-invalid` or `unsupported` that says what would be right
 */
export function parseImage(image: string, folders: TaskFolders): ImageSource {
  const local = /^(oci-archive|docker-archive|rootfs):(?!\d+$)(.*)$/s.exec(image);
  if (local === null) return parseReference(image);
  const [, transport = "", rest = ""] = local;
  if (transport === "rootfs") {
    const isOverlay = rest.endsWith(":O");
    return { kind: "rootfs", isOverlay, ...toPlace(isOverlay ? rest.slice(0, -2) : rest, { image, folders }) };
  }
  if (/^https?:\/\//.test(rest)) {
    return { kind: "archive", at: "address", place: checkUrl(rest, image), shown: toShownUrl(rest), name: "", within: undefined };
  }
  const [path = "", ...name] = rest.split(":");
  const { path: place, within } = toPlace(path, { image, folders });
  return { kind: "archive", at: "file", place, shown: place, name: name.join(":"), within };
}

/** A name in a registry alone. `key`: where it is written. @throws DriverError as `parseImage` */
export function parseRegistryImage(image: string, key = "image"): RegistrySource {
  return parseReference(image, key);
}

/**
 * What Nomad's Docker driver means by `load`: an archive below the task's `local/`, and the image's name in it.
 * @throws DriverError as `parseImage`
 */
export function parseLoad(load: string, image: string, folders: TaskFolders): ArchiveSource {
  const { reference } = parseReference(image);
  if (/^https?:\/\//.test(load)) {
    return {
      kind: "archive",
      at: "address",
      place: checkUrl(load, load, "load"),
      shown: toShownUrl(load),
      name: reference,
      within: undefined,
    };
  }
  const path = load.startsWith("/") ? load : join("local", load);
  const { path: place, within } = toPlace(path, { image: load, folders, key: "load" });
  return { kind: "archive", at: "file", place, shown: place, name: reference, within };
}

/** An address without what may be a password or a token. */
export function toShownUrl(url: string): string {
  return url.replace(/\?.*$/s, "").replace(/\/\/[^/]*@/, "//");
}

interface PathContext {
  readonly image: string;
  readonly folders: TaskFolders;
  readonly key?: string;
}

function toPlace(
  path: string,
  { image, folders, key = "image" }: PathContext,
): { readonly path: string; readonly within: string | undefined } {
  if (path === "") throw invalid(image, "names no file", "write a path, e.g. docker-archive:local/redis.tar", key);
  if (path.startsWith("/")) return { path: normalize(path), within: undefined };
  const place = join(folders.allocDir, folders.taskName, path);
  if (!place.startsWith(`${folders.allocDir}/`)) throw invalid(image, "leads out of the allocation's folder", "give an absolute path", key);
  return { path: place, within: folders.allocDir };
}

function checkUrl(url: string, image: string, key = "image"): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw invalid(image, "is no URL", "write e.g. https://example.com/redis.tar behind its kind", key);
  if (parsed.username !== "" || parsed.password !== "") {
    throw toRefusal({ key, problem: "has a user name in its URL, which would be kept with the task", remedy: "remove it" });
  }
  return url;
}

/** @throws DriverError `config-invalid` or `unsupported` that says what would be right */
function parseReference(image: string, key = "image"): RegistrySource {
  if (image === "") throw toRefusal({ key, problem: "a name is required", remedy: "write e.g. docker.io/library/redis:7" });
  const transport = /^([a-z-]+):(?!\d)/.exec(image)?.[1];
  if (transport !== undefined && otherTransports.includes(transport)) {
    const problem = `has the transport ${transport}:, which is not supported yet`;
    throw toRefusal({ key, value: image, problem, remedy: "use a registry reference", code: "unsupported" });
  }
  if (idPattern.test(image)) return { kind: "registry", reference: image, isLocal: true };
  const reference = image.startsWith("docker:") ? qualify(afterDocker(image, key)) : image.replace(/^https:\/\//, "");
  checkReference(reference, image, key);
  return { kind: "registry", reference, isLocal: reference.startsWith("localhost/") };
}

function afterDocker(image: string, key: string): string {
  if (image.startsWith("docker://")) return image.slice("docker://".length);
  throw invalid(image, "is not a reference", `write docker://${image.slice("docker:".length)}`, key);
}

/** The grammar of Podman and of registries, whose own messages say neither place nor remedy. */
function checkReference(reference: string, image: string, key: string): void {
  const refusal = (problem: string, remedy: string): DriverError => invalid(image, problem, remedy, key);
  const [named = "", digest, ...more] = reference.split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/"));
  const [name, tag] = colon === -1 ? [named, undefined] : [named.slice(0, colon), named.slice(colon + 1)];
  if (/^[a-z]+:\/\//.test(reference)) {
    throw refusal("is a URL", "write the registry without its scheme, e.g. registry.example.com/app:1");
  }
  if (/\s/.test(reference)) throw refusal("has a blank in it", "remove it");
  if (reference.includes("${")) throw refusal("has a variable in it that nobody has filled in", "write one that Nomad knows");
  if (more.length > 0) throw refusal("has more than one @", "write name@sha256:…");
  if (digest !== undefined && !digestPattern.test(digest)) {
    throw refusal("has no whole digest behind the @", "write sha256: and 64 hexadecimal digits");
  }
  if (tag !== undefined && !tagPattern.test(tag)) {
    throw refusal("has no valid tag", "write 1 to 128 letters, digits, dots, dashes or underscores behind the colon");
  }
  if (name.length > longestName) throw refusal(`has a name of more than ${longestName} characters`, "use a shorter one");
  if (namePattern.test(name)) return;
  const lower = lowerPath(name);
  if (lower !== name && namePattern.test(lower)) {
    throw refusal("has capital letters in its path", `write ${reference.replace(name, lower)}`);
  }
  throw refusal("is not the name of an image", "write e.g. docker.io/library/redis:7");
}

/** A registry's name may have capitals, a path may not. */
function lowerPath(name: string): string {
  const slash = name.indexOf("/");
  const hasRegistry = slash !== -1 && /[.:]/.test(name.slice(0, slash));
  return hasRegistry ? name.slice(0, slash) + name.slice(slash).toLowerCase() : name.toLowerCase();
}

function invalid(value: string, problem: string, remedy: string, key: string): DriverError {
  return toRefusal({ key, value, problem, remedy });
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
