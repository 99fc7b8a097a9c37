import type { ImageInspect, PodmanClient } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { fits, isHosts, toPlatformName, toPlatformText, toPulledNames, type Platform } from "./platform.ts";

export interface PlatformPull {
  readonly podman: PodmanClient;
  readonly reference: string;
  readonly platform: Platform;
  /** Of the engine's host; empty: not known. */
  readonly hostArchitecture: string;
  /** Pulls and gives the image's ID; the image's name moves to what was pulled. */
  pull(signal: AbortSignal): Promise<string>;
}

/** Names are put right even when nobody waits any more: the next task would run an image that its machine cannot. */
const nameDeadlineMs = 30_000;

/**
 * Pulls the image of a platform. One of another platform than the host's is kept under a name of its own, and the image's own name stays
 * where it was. Rejects when the registry has the image for other platforms alone: Podman would take any (podman 4.3 to 6.1).
 */
export async function pullForPlatform(job: PlatformPull, signal: AbortSignal): Promise<string> {
  const { podman, reference, platform, hostArchitecture } = job;
  const before = await podman.images.inspect(reference, signal);
  const id = await job.pull(signal);
  const settled = AbortSignal.timeout(nameDeadlineMs);
  const pulled = await podman.images.inspect(id, settled);
  if (pulled === undefined) {
    throw new DriverError("failed", `image ${reference}: it was pulled and has vanished again`, { recoverable: true });
  }
  const isRight = fits(pulled, platform);
  if (isRight) await podman.images.tag(id, toPlatformName(reference, platform), settled);
  if (hostArchitecture !== "" && !isHosts(pulled, hostArchitecture)) await giveNamesBack(job, before, pulled, settled);
  if (isRight) return id;
  const text =
    `the registry gives it for ${pulled.os}/${pulled.architecture}, and the task asks for ${toPlatformText(platform)}; see arch, ` +
    "os and variant";
  throw new DriverError("failed", `pull image ${reference}: ${text}`);
}

/** To the image that had them, if this machine can run it. */
async function giveNamesBack(
  job: PlatformPull,
  before: ImageInspect | undefined,
  pulled: ImageInspect,
  signal: AbortSignal,
): Promise<void> {
  const { podman, reference, hostArchitecture } = job;
  const owner = before !== undefined && before.id !== pulled.id && isHosts(before, hostArchitecture) ? before.id : undefined;
  for (const name of toPulledNames(reference, pulled)) {
    if (owner === undefined) await podman.images.untag(pulled.id, name, signal);
    else await podman.images.tag(owner, name, signal);
  }
}
