import { attr } from "@driver/nomad-plugin";

/** What is mounted into the container. */
export const storageFields = {
  volumes: attr.list("string", { help: "Binds as source:destination[:options]; a relative source is in the task directory." }),
  tmpfs: attr.list("string", { help: "Memory file systems as destination[:options]." }),
  devices: attr.list("string", { help: "Devices as host[:container][:permissions], or CDI names." }),
  readonly_rootfs: attr.bool({ default: false, help: "Mount the container's root read-only." }),
};
