import type { ContainerSpec, ImageVolumeSpec, MountSpec, NamedVolumeSpec, OverlayVolumeSpec } from "@driver/libpod";
import type { Explanation, Need, PlanContext } from "../topic.ts";
import { blame, type Suspect } from "../blame.ts";
import { refuseBefore, type LaterFeature } from "../refuse-before.ts";
import { checkOptionVersions } from "./mount-options.ts";
import type { WantedMount } from "./wanted-mount.ts";

/** The part of a container's spec that the mounts of a task's config make. */
export function toMountSpec(asked: readonly WantedMount[]): Partial<ContainerSpec> {
  const mounts: MountSpec[] = [];
  const volumes: NamedVolumeSpec[] = [];
  const overlays: OverlayVolumeSpec[] = [];
  const images: ImageVolumeSpec[] = [];
  for (const mount of asked) {
    const { destination } = mount;
    if (mount.kind === "bind") mounts.push({ type: "bind", source: mount.source, destination, options: withRecursion(mount.options) });
    else if (mount.kind === "tmpfs") mounts.push(toTmpfsSpec(destination, mount.options));
    else if (mount.kind === "volume")
      volumes.push({ ...toName(mount.name), Dest: destination, Options: mount.options, ...toSubPath(mount.subpath) });
    else if (mount.kind === "image") images.push({ Source: mount.reference, Destination: destination, ReadWrite: mount.isWritable });
    else overlays.push({ source: mount.source, destination, options: mount.options.filter((option) => option !== "O") });
  }
  return {
    ...(mounts.length > 0 && { mounts }),
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

const volumePart: Omit<LaterFeature, "key"> = {
  since: [5, 0],
  otherwise: "which would mount the whole volume",
  remedy: "update Podman, or give the task a volume of its own",
};

/** Refuses what this Podman cannot do, or would leave undone without a word. */
export function checkEngine(mounts: readonly WantedMount[], { facts, report }: Pick<PlanContext, "facts" | "report">): void {
  for (const mount of mounts) {
    if (mount.kind === "image") continue;
    checkOptionVersions(mount.options, mount.kind, { key: mount.key, value: mount.value, report, facts });
    const subpath = subpathOf(mount);
    const key = `${mount.key}.volume_options.subpath`;
    if (subpath !== undefined) refuseBefore({ ...volumePart, key, value: subpath }, { facts, report });
  }
}

/** Of a part of a volume that is not there Podman says no more than this (podman 5.4), or how it looked for it (podman 6.1). */
const nothingThere = /^(no such file or directory ?)+$|^securejoin\.OpenInRoot .*no such file or directory$/;

/** Of a volume with a size, whatever its type is (podman 4.3). */
const sizeTrouble = /volume options size and inodes not supported/;

/** What Podman's words mean where a mount may be to blame; undefined: they are about something else. */
export function explainMountFailure(podmanText: string, mounts: readonly WantedMount[]): Explanation | undefined {
  if (sizeTrouble.test(podmanText)) return explainSizes(mounts);
  return explainSubpaths(podmanText, mounts) ?? blame(podmanText, mounts.flatMap(toSuspects));
}

/** Runtimes tell the place inside the container, and Podman the volume. */
function toSuspects(mount: WantedMount): readonly Suspect[] {
  const { key, value, destination } = mount;
  const has = (...parts: readonly string[]): Suspect["words"] => ({ test: (text) => parts.some((part) => text.includes(part)) });
  // As runc says it, and crun, which leaves out the first slash (1.21; 0.17 does not).
  const place = has(`to rootfs at "${destination}"`, `\` to \`${destination.slice(1)}\`:`, `\` to '${destination}':`);
  return [
    { words: place, key, value, want: "which cannot be mounted there" },
    ...(mount.kind === "volume" && mount.name !== ""
      ? [{ words: has(`mounting volume ${mount.name} for`), key, value, want: "whose options must be such that mount(8) takes" }]
      : []),
  ];
}

/** Options can hold a password, so that their keys alone are named. */
function explainSizes(mounts: readonly WantedMount[]): Explanation | undefined {
  const sized = mounts.filter((mount) => mount.kind === "volume" && /\b(size|inodes)=/.test(mount.make?.options["o"] ?? ""));
  if (sized.length === 0) return undefined;
  const keys = sized.map(({ key }) => `${key}.volume_options.driver_config.options.o`).join(", ");
  const text = `the task's config has a size in ${keys}, which Podman takes for a quota of its storage; a mount of type tmpfs can have one`;
  return { text };
}

function explainSubpaths(podmanText: string, mounts: readonly WantedMount[]): Explanation | undefined {
  const subpaths = mounts.flatMap((mount) =>
    subpathOf(mount) === undefined ? [] : [`${mount.key}.volume_options.subpath = "${subpathOf(mount)}"`],
  );
  if (subpaths.length === 0 || !nothingThere.test(podmanText)) return undefined;
  return { text: `the task's config has ${subpaths.join(", ")}, which must be in the volume already` };
}

function subpathOf(mount: WantedMount): string | undefined {
  return mount.kind === "volume" ? mount.subpath : undefined;
}

function withRecursion(options: readonly string[]): readonly string[] {
  return options.some((option) => option === "bind" || option === "rbind") ? options : ["rbind", ...options];
}

function toSubPath(subpath: string | undefined): Pick<NamedVolumeSpec, "SubPath"> {
  return subpath === undefined ? {} : { SubPath: subpath };
}

function toName(name: string): Pick<NamedVolumeSpec, "Name"> {
  return name === "" ? {} : { Name: name };
}
