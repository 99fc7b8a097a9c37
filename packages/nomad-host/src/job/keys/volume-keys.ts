import { key, noted } from "./job-key.ts";
import { block, bool, flag, string, strings, text } from "./key-kinds.ts";

const oneMachine = "a path of this machine is mounted as it is";

const mountOptionKeys = { fs_type: key(text, "FSType"), mount_flags: key(strings, "MountFlags") };

export const volumeKeys = {
  type: key(text, "Type"),
  source: key(text, "Source"),
  read_only: key(flag, "ReadOnly"),
  per_alloc: key(flag, "PerAlloc"),
  sticky: noted(flag, "Sticky", `volume sticky: has no effect, ${oneMachine}`),
  access_mode: noted(text, "AccessMode", `volume access_mode: has no effect, ${oneMachine}`),
  attachment_mode: noted(text, "AttachmentMode", `volume attachment_mode: has no effect, ${oneMachine}`),
  mount_options: key(block(mountOptionKeys), "MountOptions"),
};

export const volumeMountKeys = {
  volume: key(string, "Volume"),
  destination: key(string, "Destination"),
  read_only: key(bool, "ReadOnly"),
  propagation_mode: key(string, "PropagationMode"),
  selinux_label: key(string, "SELinuxLabel"),
};
