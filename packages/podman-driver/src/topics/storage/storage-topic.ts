import type { ContainerSpec, MountSpec } from "@driver/libpod";
import { attr, blockAttrs, blockList } from "@driver/nomad-plugin";
import { parseMemorySize } from "../../config/parse-memory-size.ts";
import { isAtLeast, type EngineFacts } from "../../engine/engine-facts.ts";
import { whereTo, type Met } from "../met.ts";
import { topic, type Given, type Shortfall } from "../topic.ts";
import { refuseBefore } from "../refuse-before.ts";
import { toAllocMounts, toNomadMount } from "./alloc-mounts.ts";
import { mountFields, parseMountBlock, type MountBlock } from "./mount-block.ts";
import { parseTmpfs, parseVolume } from "./parse-volume.ts";
import { checkEngine, explainMountFailure, toMountNeeds, toMountSpec, toTmpfsSpec } from "./plan-mounts.ts";
import type { WantedMount } from "./wanted-mount.ts";

/** What is mounted into the container: the allocation's folders, Nomad's own mounts, and the task's; and the root itself. */
export const storageTopic = topic({
  fields: {
    volumes: attr.list("string", {
      needs: "U of a volume, no-dereference: 5.0",
      help: "Binds as source:destination[:options]; a relative source is in the task directory.",
    }),
    volume_driver: attr.string({ help: "Driver of named volumes; with it, a source in volumes without a slash is a volume's name." }),
    mount: blockList(mountFields, { help: "A mount, one a block." }),
    mounts: blockList(mountFields, { help: "The same as mount." }),
    tmpfs: attr.list("string", {
      needs: "noswap: 4.7; noatime: 5.6",
      help: "Memory file systems as destination[:options], e.g. /t:size=64m; without a size: up to half of the host's memory.",
    }),
    readonly_rootfs: attr.bool({ default: false, help: "Mount the container's root read-only." }),
    read_only: attr.bool({ help: "The same as readonly_rootfs." }),
    read_only_tmpfs: attr.bool({ default: false, help: "With a read-only root: memory file systems on /tmp, /run and /var/tmp." }),
    storage_opt: blockAttrs("string", {
      needs: "4.0",
      help: "Options of the container's root, e.g. size; needs overlay on xfs with project quotas.",
    }),
    shm_size: attr.string({ help: "Size of /dev/shm, e.g. 64m, or a number of bytes; not set: Podman's default, 64 MB." }),
  },
  want: (options, given) => {
    const { task, settings, isPrivileged, report } = given;
    // A privileged task is not confined by SELinux, and what it shares is not relabelled for it (as with the Go driver).
    const selinuxLabel = isPrivileged ? undefined : settings.selinuxLabel;
    const own = [
      ...toAllocMounts(task, { protectsLogs: settings.logRoute.to.by === "driver", selinuxLabel }),
      ...task.mounts.map((mount) => toNomadMount(mount, selinuxLabel, report)),
    ];
    const asked = toWantedMounts(options, given);
    refuseDoubles(own, asked, given);
    const [storageOptions, shmBytes] = [options.storage_opt, toShmBytes(options.shm_size, given)];
    return { own, asked, selinuxLabel, storageOptions, shmBytes, ...toRoot(options, given) };
  },
  plan: ({ own, asked, storageOptions, shmBytes, isReadonly, hasTmpfs }, { facts, report }) => {
    checkEngine(asked, { facts, report });
    if (Object.keys(storageOptions).length > 0) {
      refuseBefore({ key: "storage_opt", since: [4, 0], otherwise: "which would drop it without a word" }, { facts, report });
    }
    const { mounts: more = [], overlay_volumes: overlays, ...others } = toMountSpec(asked);
    const mounts = [...own, ...more, ...(hasTmpfs ? toRootTmpfs([...own, ...more], asked, facts) : [])];
    const spec: Partial<ContainerSpec> = {
      ...others,
      ...(isReadonly && { read_only_filesystem: true }),
      ...(hasTmpfs && knowsRootTmpfs(facts) && { read_write_tmpfs: true }),
      ...(Object.keys(storageOptions).length > 0 && { storage_opts: storageOptions }),
      ...(shmBytes > 0 && { shm_size: shmBytes }),
    };
    return {
      spec,
      given: (met) => ({
        mounts: mounts.map((mount) => withSource(mount, met)),
        ...(overlays !== undefined && { overlay_volumes: overlays.map((overlay) => withSource(overlay, met)) }),
      }),
      binds: mounts.flatMap(({ type, source = "", destination }) => (type === "bind" ? [{ source, destination }] : [])),
      needs: toMountNeeds(asked),
      isVerified: asked.some(isMapped),
      explain: (podmanText) => explainMountFailure(podmanText, asked),
    };
  },
  verify: ({ asked }, made) => (made.ociRuntime === "runc" ? asked.filter(isMapped).map(toUnmapped) : []),
});

function withSource<M extends { readonly source?: string | undefined }>(mount: M, met: Met): M {
  return mount.source === undefined ? mount : { ...mount, source: whereTo(mount.source, met) };
}

function isMapped(mount: WantedMount): boolean {
  return mount.kind !== "image" && mount.options.some((option) => /^idmap(=|$)/.test(option));
}

function toUnmapped({ key }: WantedMount): Shortfall {
  const got = "a container of runc, which up to 1.1 leaves the owners as they are";
  return { key, wanted: "a mount with mapped owners (idmap)", got, isFatal: false };
}

interface MountOptions {
  readonly volumes: readonly string[];
  readonly volume_driver: string | undefined;
  readonly mount: readonly MountBlock[];
  readonly mounts: readonly MountBlock[];
  readonly tmpfs: readonly string[];
}

function toWantedMounts({ volumes, volume_driver: driver = "", mount, mounts, tmpfs }: MountOptions, given: Given): readonly WantedMount[] {
  return [
    ...volumes.flatMap((text, index) => parseVolume(text, { key: `volumes[${index}]`, value: text }, driver, given)),
    ...mount.flatMap((body, index) => parseMountBlock(body, `mount[${index}]`, driver, given)),
    ...mounts.flatMap((body, index) => parseMountBlock(body, `mounts[${index}]`, driver, given)),
    ...tmpfs.map((text, index) => parseTmpfs(text, { key: `tmpfs[${index}]`, value: text }, given)),
  ];
}

/** Podman takes no place twice; of an overlay over another mount it says nothing. */
function refuseDoubles(own: readonly MountSpec[], asked: readonly WantedMount[], { report }: Given): void {
  const taken = new Map(own.map(({ destination }) => [destination.replace(/(?<=.)\/+$/, ""), "Nomad's own mount"]));
  for (const { key, value, destination } of asked) {
    const holder = taken.get(destination);
    if (holder !== undefined) {
      const problem = `is mounted at ${destination}, where ${holder} is already`;
      report.refuse({ key, value, problem, remedy: "give it a place of its own" });
    }
    taken.set(destination, key);
  }
}

/** Zero and nothing mean Podman's own size: with a zero it would make one that holds nothing. */
function toShmBytes(text: string | undefined, { report }: Given): number {
  return text === undefined ? 0 : report.attempt("shm_size", 0, () => parseMemorySize(text, { key: "shm_size" }));
}

interface RootOptions {
  readonly readonly_rootfs: boolean;
  readonly read_only: boolean | undefined;
  readonly read_only_tmpfs: boolean;
}

function toRoot(options: RootOptions, { report }: Given): { readonly isReadonly: boolean; readonly hasTmpfs: boolean } {
  const { readonly_rootfs: isReadonlyRoot, read_only: isReadonlyToo = false, read_only_tmpfs: hasTmpfs } = options;
  const isReadonly = isReadonlyRoot || isReadonlyToo;
  if (isReadonlyRoot && isReadonlyToo) {
    report.refuse({ key: "read_only", problem: "says the same as readonly_rootfs", remedy: "keep one of them" });
  }
  if (hasTmpfs && !isReadonly) {
    report.refuse({ key: "read_only_tmpfs", problem: "is for a read-only root", remedy: "set readonly_rootfs as well" });
  }
  return { isReadonly, hasTmpfs };
}

/** `read_write_tmpfs` of the API came with Podman 4.4. */
function knowsRootTmpfs(facts: EngineFacts): boolean {
  return isAtLeast(facts, [4, 4]);
}

/** What later versions lay over a read-only root by themselves; not over what the task mounts there. */
function toRootTmpfs(mounts: readonly MountSpec[], asked: readonly WantedMount[], facts: EngineFacts): readonly MountSpec[] {
  if (knowsRootTmpfs(facts)) return [];
  const taken = new Set([...mounts, ...asked].map(({ destination }) => destination));
  return ["/tmp", "/run", "/var/tmp"].filter((place) => !taken.has(place)).map((destination) => toTmpfsSpec(destination, []));
}
