import type { RegistrySource } from "../config/image-reference.ts";
import type { ImageContext } from "./image-context.ts";
import { resolveImage } from "./image-resolver.ts";

/**
 * Sees to it that the infra image of pods is there, pulled like a task's in a time of its own. Gives its ID, which `pods/create` takes as
 * `infra_image` and then asks no registry: it would with neither login nor deadline (podman 4.3). Undefined where the operator names none:
 * Podman makes one of its own while it creates the pod, in 0.2 s (podman 4.3). Rejects as `resolveImage`.
 */
export async function meetInfraImage(context: ImageContext, signal: AbortSignal): Promise<string | undefined> {
  const { infraImage, infraPullTimeoutMs } = context.settings;
  if (infraImage === undefined) return undefined;
  const need = {
    kind: "image",
    source: infraImage,
    checksum: undefined,
    policy: "missing",
    platform: undefined,
    login: undefined,
    tlsVerify: undefined,
    skipsFailingAuth: false,
    pullTimeoutMs: infraPullTimeoutMs,
    pullTimeoutKey: "infra_image_pull_timeout",
  } as const;
  return await resolveImage(context, need, signal);
}

/** The names under which a store has the infra image, as patterns of `gc.image_keep`, since between two pods nothing uses it. */
export function keepInfraImage(infraImage: RegistrySource | undefined): readonly string[] {
  if (infraImage === undefined) return [];
  const { reference } = infraImage;
  const [named = "", digest] = reference.split("@");
  const name = named.replace(/:[^/]*$/, "");
  const stored = digest === undefined ? (name === named ? `${named}:latest` : named) : `${name}@${digest}`;
  // A short name got its registry from the engine's registries.conf.
  return [reference.replace(/^sha256:/, ""), stored, `*/${stored}`];
}
