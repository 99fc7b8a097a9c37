import type { ContainerSpec, MountSpec } from "@driver/libpod";
import { isAtLeast } from "../../engine/engine-facts.ts";
import type { Need, PlanContext } from "../topic.ts";
import { checkOptionVersions } from "./mount-options.ts";
import type { WantedMount } from "./wanted-mount.ts";

/** The part of a container's spec that the mounts of a task's config make. */
export function toMountSpec(mounts: readonly WantedMount[]): Partial<ContainerSpec> {
  const mountSpecs = mounts.flatMap((mount) => {
    if (mount.kind === "bind") return [{ type: "bind", source: mount.source, destination: mount.destination, options: withRecursion(mount.options) }];
    return mount.kind === "tmpfs" ? [toTmpfsSpec(mount.destination, mount.options)] : [];
  });
  const volumes = mounts.flatMap((mount) => (mount.kind === "volume" ? [{ ...(mount.name !== "" && { Name: mount.name }), Dest: mount.destination, Options: mount.options }] : []));
  const overlays = mounts.flatMap((mount) => (mount.kind === "overlay" ? [{ source: mount.source, destination: mount.destination, options: mount.options.filter((option) => option !== "O") }] : []));
  const images = mounts.flatMap((mount) => (mount.kind === "image" ? [{ Source: mount.reference, Destination: mount.destination, ReadWrite: mount.isWritable }] : []));
  return {
    ...(mountSpecs.length > 0 && { mounts: mountSpecs }),
    ...(volumes.length > 0 && { volumes }),
    ...(overlays.length > 0 && { overlay_volumes: overlays }),
    ...(images.length > 0 && { image_volumes: images }),
  };
}

/** Without a source `df` inside the container does not show it (crun 1.8). */
export function toTmpfsSpec(destination: string, options: readonly string[]): MountSpec {
  return { type: "tmpfs", source: "tmpfs", destination, options };
}

/** What must be there, or be looked at, before the container is made. */
export function toMountNeeds(mounts: readonly WantedMount[]): readonly Need[] {
  return mounts.flatMap((mount): readonly Need[] => {
    const { key, value } = mount;
    if (mount.kind === "image") return [{ kind: "mount-image", key, reference: mount.reference }];
    if (mount.kind !== "volume" || mount.make === undefined) return [];
    return [{ kind: "volume", key, value, name: mount.name, ...mount.make }];
  });
}

/** Refuses what this Podman cannot do, or would leave undone without a word. */
export function checkEngine(mounts: readonly WantedMount[], { facts, report }: Pick<PlanContext, "facts" | "report">): void {
  for (const mount of mounts) {
    if (mount.kind === "image") continue;
    checkOptionVersions(mount.options, mount.kind, { key: mount.key, value: mount.value, report, version: facts.version, isAtLeast: (since) => isAtLeast(facts, since) });
  }
}

function withRecursion(options: readonly string[]): readonly string[] {
  return options.some((option) => option === "bind" || option === "rbind") ? options : ["rbind", ...options];
}
