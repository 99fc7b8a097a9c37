import type { ImageHold } from "../engine/held-images.ts";
import type { ImageContext } from "../image/image-context.ts";
import { toHopedImage, type ImageNeed } from "../image/image-need.ts";
import { parseRegistryImage, type RegistrySource } from "../config/image-reference.ts";
import { dockerHub, toRegistryPlace } from "../config/registry-key.ts";
import type { TaskLogin } from "../image/auth/find-credentials.ts";
import { resolveImage } from "../image/image-resolver.ts";
import type { ContainerPlan } from "../plan/container-plan.ts";
import type { Met } from "../topics/met.ts";
import type { Need } from "../topics/topic.ts";
import { checkGroupNetwork } from "./group-pods.ts";
import { meetGroupHosts } from "./meet-group-hosts.ts";
import { joinTasks, type JoinedTasks } from "./join-task.ts";
import { checkDevices } from "./check-devices.ts";
import { meetPaths, type ExpectedMount } from "./meet-paths.ts";
import { meetVolume } from "./meet-volume.ts";
import type { Rollback } from "./rollback.ts";
import type { Start } from "./start-request.ts";

/** What has come of the needs of a plan, but for its images. */
export interface MetNeeds extends Omit<Met, keyof MetImages> {
  /** What the guarded binds of the container must show; undefined: none are guarded. */
  readonly expected: readonly ExpectedMount[] | undefined;
  readonly joined: JoinedTasks;
}

/**
 * Sees to what must be there before a container is made, but for its images. What is made here is removed again, after the container,
 * where the start fails.
 * @throws DriverError that names key and value
 */
export async function meetNeeds({ needs, binds, guardsBinds }: NeedyPlan, start: Start, undo: Rollback): Promise<MetNeeds> {
  const { engine, facts, socketName, settings: { policy }, task: { id: taskId, allocDir }, services: { roots }, inStep, signal } = start;
  const moved = new Map<string, string>();
  for (const need of needs) {
    if (need.kind === "group-network") {
      checkGroupNetwork(need.pod, need.pod.socketName === socketName ? engine.socketPath : undefined, roots);
    }
    if (need.kind === "group-hosts") moved.set(need.path, await meetGroupHosts(need, roots));
  }
  const joined = await joinTasks(needs, start, signal);
  // What lies at the host's paths is looked at after the wait, which may be long.
  const paths = needs.filter((need) => need.kind === "path");
  // Those of another host have their own kinds.
  if (!facts.isRemote) await checkDevices(needs.filter((need) => need.kind === "device"));
  const found = await meetPaths(paths, guardsBinds ? binds : undefined, { policy, allocDir, roots });
  for (const need of needs) {
    if (need.kind === "volume") await meetVolume(need, { podman: engine.client, undo, taskId, inStep }, signal);
  }
  const containers = new Map([...joined].map(([name, { id }]) => [name, id]));
  return { ...found, paths: new Map([...found.paths, ...moved]), joined, containers };
}

type NeedyPlan = Pick<ContainerPlan, "needs" | "binds" | "guardsBinds">;

type AnyImageNeed = Extract<Need, { readonly kind: "image" | "mount-image" }>;

/** The image if all images of a plan are there already; undefined where that must not be taken for granted. */
export function hopeForImages(needs: readonly Need[]): MetImages | undefined {
  const images = needs.filter(isImageNeed);
  // Of a mounted image that is missing Podman says so at the start only.
  const hoped = images.map((need) => (need.kind === "mount-image" ? undefined : toHopedImage(need)));
  return hoped.includes(undefined) ? undefined : { image: hoped[0], mountedImages: [] };
}

/** Sees to it that every image is there that a plan needs, one after the other, and has each held meanwhile. */
export async function meetImages(needs: readonly Need[], context: ImageContext, hold: ImageHold, signal: AbortSignal): Promise<MetImages> {
  const images = needs.filter(isImageNeed);
  const own = images.find((need) => need.kind === "image");
  let image: string | undefined;
  const mountedImages: string[] = [];
  for (const need of images) {
    if (own === undefined) continue;
    const id = await resolveImage(context, need.kind === "image" ? need : toMountedNeed(need.reference, own), signal);
    hold.add(id);
    if (need.kind === "image") image = id;
    else mountedImages.push(id);
  }
  return { image, mountedImages };
}

export type MetImages = Pick<Met, "image" | "mountedImages">;

function isImageNeed(need: Need): need is AnyImageNeed {
  return need.kind === "image" || need.kind === "mount-image";
}

/** A mounted image is fetched as the task's own is, and may take as long; the registry is asked when it is missing. */
export function toMountedNeed(name: string, own: ImageNeed): ImageNeed {
  const source = parseRegistryImage(name);
  return { ...own, source, login: toMountedLogin(own, source), checksum: undefined, policy: "missing", platform: undefined };
}

/** A login that names no registry is for the one that the task's own image comes from, if that comes from any. */
function toMountedLogin({ source: own, login }: ImageNeed, { reference }: RegistrySource): TaskLogin | undefined {
  if (login === undefined || login.server !== undefined || own.kind !== "registry" || own.isLocal) return login;
  const hostOf = (name: string): string => toRegistryPlace(name)?.host ?? dockerHub;
  return hostOf(own.reference) === hostOf(reference) ? login : undefined;
}
