import type { BlockReader } from "./block-reader.ts";
import type { GroupVolume, VolumeMount } from "./job.ts";
import type { volumeKeys, volumeMountKeys } from "./keys/volume-keys.ts";

/** Decodes a group's `volume` block; what a server asks of it is looked at elsewhere. */
export function decodeVolume(reader: BlockReader<typeof volumeKeys>): GroupVolume {
  return {
    name: reader.label,
    source: reader.get("source") ?? "",
    isReadOnly: reader.get("read_only") ?? false,
    isPerAlloc: reader.get("per_alloc") ?? false,
    position: reader.block.position,
  };
}

/** Decodes a task's `volume_mount` block. */
export function decodeVolumeMount(reader: BlockReader<typeof volumeMountKeys>): VolumeMount {
  return {
    volume: reader.get("volume") ?? "",
    destination: reader.get("destination") ?? "",
    isReadOnly: reader.get("read_only") ?? false,
    propagationMode: reader.get("propagation_mode") ?? "",
    selinuxLabel: reader.get("selinux_label") ?? "",
    position: reader.block.position,
  };
}
