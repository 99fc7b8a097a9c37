import { key, noted } from "./job-key.ts";
import { block, bool, string, strings } from "./key-kinds.ts";

const oneMachine = "a path of this machine is mounted as it is";

const mountOptionKeys = { fs_type: key(string, "FSType"), mount_flags: key(strings, "MountFlags") };

export const volumeKeys = {
  type: key(string, "Type"),
  source: key(string, "Source"),
  read_only: key(bool, "ReadOnly"),
  per_alloc: key(bool, "PerAlloc"),
  sticky: noted(bool, "Sticky", `volume sticky: has no effect, ${oneMachine}`),
  access_mode: noted(string, "AccessMode", `volume access_mode: has no effect, ${oneMachine}`),
  attachment_mode: noted(string, "AttachmentMode", `volume attachment_mode: has no effect, ${oneMachine}`),
  mount_options: key(block(mountOptionKeys), "MountOptions"),
};

export const volumeMountKeys = {
  volume: key(string, "Volume"),
  destination: key(string, "Destination"),
  read_only: key(bool, "ReadOnly"),
  propagation_mode: key(string, "PropagationMode"),
  selinux_label: key(string, "SELinuxLabel"),
};
