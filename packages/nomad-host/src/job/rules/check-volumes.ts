import type { BlockReader } from "../block-reader.ts";
import type { JobType } from "../job.ts";
import type { volumeKeys, volumeMountKeys } from "../keys/volume-keys.ts";

type VolumeReader = BlockReader<typeof volumeKeys>;

const modes = ["", "single-node-reader-only", "single-node-writer", "single-node-single-writer", "single-node-multi-writer"];

/** What a Nomad server asks of a group's volumes; those of CSI are refused here. */
export function checkVolumes(readers: readonly VolumeReader[], place: { readonly type: JobType; readonly canaries: number }): void {
  for (const reader of readers) {
    const type = reader.get("type") ?? "";
    // A server passes over other types, and the task has no such volume then.
    if (type === "host") checkHostVolume(reader, place);
    else reader.refuse(`volume "${reader.label}": not supported: type ${JSON.stringify(type)}; only host volumes are`);
  }
}

function checkHostVolume(reader: VolumeReader, { type, canaries }: { readonly type: JobType; readonly canaries: number }): void {
  const title = `volume "${reader.label}"`;
  if ((reader.get("source") ?? "") === "") reader.report(`${title}: source is missing: the name that the machine gives it`, "source");
  if (reader.get("per_alloc") === true) {
    if (type === "system" || type === "sysbatch") reader.report(`${title}: per_alloc is not for ${type} jobs`, "per_alloc");
    if (canaries > 0) reader.report(`${title}: per_alloc and canaries exclude each other`, "per_alloc");
    if (reader.get("sticky") === true) reader.report(`${title}: per_alloc and sticky exclude each other`, "per_alloc");
  }
  if (reader.has("mount_options")) reader.report(`${title}: a host volume has no mount_options`, "mount_options");
  const mode = reader.get("access_mode") ?? "";
  if (!modes.includes(mode)) reader.report(`${title}: access_mode must be one of ${modes.slice(1).join(", ")}`, "access_mode");
  if (mode === "single-node-reader-only" && reader.get("read_only") !== true)
    reader.report(`${title}: access_mode "${mode}" needs read_only = true`, "access_mode");
}

/** What a Nomad server asks of a task's mounts; `volumes` are the names of its group's. */
export function checkVolumeMounts(readers: readonly BlockReader<typeof volumeMountKeys>[], volumes: readonly string[] | undefined): void {
  for (const reader of readers) {
    // One without a volume says nothing (`nomad`).
    if (!reader.has("volume")) continue;
    const volume = reader.get("volume") ?? "";
    if (!reader.has("destination")) reader.report("volume_mount: destination is missing", "destination");
    if (volumes?.includes(volume) === false) reader.report(`volume_mount: the group has no volume ${JSON.stringify(volume)}`, "volume");
    const propagation = reader.get("propagation_mode") ?? "";
    if (!["", "private", "host-to-task", "bidirectional"].includes(propagation))
      reader.report("volume_mount: propagation_mode must be private, host-to-task or bidirectional", "propagation_mode");
    if (!["", "z", "Z"].includes(reader.get("selinux_label") ?? ""))
      reader.report("volume_mount: selinux_label must be z or Z", "selinux_label");
  }
}
