import { createHash } from "node:crypto";
import type { ImageInspect, ImageName } from "@driver/libpod";

/** What a task wants its image made for; empty parts are whatever there is. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant: string;
}

const platformPrefix = "localhost/nomad-driver-podman/platform-";

/** What the kernel calls them, and what registries do. */
const registryNames: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  i386: "386",
  i686: "386",
  armhf: "arm",
  armv7l: "arm",
};

/** Undefined when no part is set. */
export function toPlatform({
  arch = "",
  os = "",
  variant = "" }: { readonly arch?: string | undefined; readonly os?: string | undefined; readonly variant?: string | undefined,
}): Platform | undefined {
  if (arch === "" && os === "" && variant === "") return undefined;
  return { architecture: registryNames[arch] ?? arch, os, variant };
}

/** Whether an image is for a platform, as far as Podman tells: it tells no variant. */
export function fits({ architecture, os }: Pick<ImageInspect, "architecture" | "os">, platform: Platform): boolean {
  return (platform.architecture === "" || platform.architecture === architecture) && (platform.os === "" || platform.os === os);
}

/** Whether the engine's host, whose architecture that is, can run an image. */
export function isHosts({ os, architecture }: Pick<ImageInspect, "architecture" | "os">, hostArchitecture: string): boolean {
  return os === "linux" && architecture === hostArchitecture;
}

/** Whether an image is another platform's than the host's, and was pulled for a task that asked for that one. */
export function isForOthers(image: Pick<ImageInspect, "architecture" | "os" | "repoTags">, hostArchitecture: string): boolean {
  return hostArchitecture !== "" && !isHosts(image, hostArchitecture) && image.repoTags.some((name) => name.startsWith(platformPrefix));
}

/** `linux/arm64/v8`; a part that is not set is `*`. */
export function toPlatformText({ os, architecture, variant }: Platform): string {
  return `${os || "*"}/${architecture || "*"}${variant === "" ? "" : `/${variant}`}`;
}

/**
 * The name under which the image of another platform is kept: under the image's own it would be taken for this machine's, and without
 * one any clean-up would take it.
 */
export function toPlatformName(reference: string, platform: Platform): ImageName {
  const hash = createHash("sha256").update(reference).digest("hex").slice(0, 16);
  const { os, architecture, variant } = platform;
  const tag = [os, architecture, variant].map((part) => part.replaceAll(/[^\w.-]/g, "_") || "any").join("-");
  return { repository: `${platformPrefix}${hash}`, tag };
}

/** The names in the store that a pull of `reference` gives an image or moves to it; none for a digest. */
export function toPulledNames(reference: string, { repoTags }: Pick<ImageInspect, "repoTags">): readonly ImageName[] {
  if (reference.includes("@")) return [];
  const tagged = /:[^/]*$/.test(reference) ? reference : `${reference}:latest`;
  // A short name got its registry from the engine's registries.conf.
  return repoTags.filter((name) => name === tagged || name.endsWith(`/${tagged}`)).map(splitName);
}

/** The parts of `repository:tag`. */
export function splitName(name: string): ImageName {
  const colon = name.lastIndexOf(":");
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** `repository:tag`. */
export function joinName({ repository, tag }: ImageName): string {
  return `${repository}:${tag}`;
}
