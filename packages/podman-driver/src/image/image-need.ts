import type { TaskLogin } from "./auth/find-credentials.ts";
import type { ArchiveSource, RegistrySource } from "../config/image-reference.ts";
import type { Platform } from "./platform.ts";

/** When a registry is asked. */
export const pullPolicies = ["always", "missing", "newer", "never"] as const;
export type ImagePullPolicy = (typeof pullPolicies)[number];

/** The image that a container is made from. */
export interface ImageNeed {
  readonly kind: "image";
  readonly source: RegistrySource | ArchiveSource;
  /** `sha256:…` that an archive must have; undefined: any. */
  readonly checksum: string | undefined;
  readonly policy: ImagePullPolicy;
  /** Undefined: the engine's own. */
  readonly platform: Platform | undefined;
  /** Undefined: as the operator has it, or Podman itself. */
  readonly login: TaskLogin | undefined;
  /** Undefined: as the engine's registries.conf says. */
  readonly tlsVerify: boolean | undefined;
  /** True: a source of credentials that fails is passed over. */
  readonly skipsFailingAuth: boolean;
  /** Infinity: no limit. */
  readonly pullTimeoutMs: number;
  /** The key that sets this time, for messages; default: image_pull_timeout. */
  readonly pullTimeoutKey?: string;
}

/**
 * The name that the container can be made from without a look, if the image is there; undefined where that must not be taken for
 * granted.
 */
export function toHopedImage({ source, policy, platform }: ImageNeed): string | undefined {
  const isAsked = policy === "always" || policy === "newer";
  // By the digest of a list Podman finds another platform's image as well.
  if (source.kind === "registry" && source.reference.includes("@")) return undefined;
  return source.kind !== "registry" || platform !== undefined || (isAsked && !source.isLocal) ? undefined : source.reference;
}
