import type { FeatureSection } from "../feature-table.ts";

export const storageFeatures: FeatureSection = {
  title: "Mounts and volumes",
  rows: [
    [
      "The folders alloc, local and secrets",
      "M",
      "test/task-config > gives the task its environment, its folders and the user it asks for",
    ],
    ["Log files that the task cannot change", "S", "test/logs > keeps a task out of the log files that the driver writes"],
    ["`volumes` with options", "M", "test/volumes > volumes bind paths of the host and of the task's folder, with the options they say"],
    [
      "Paths relative to the task's folder",
      "M",
      "test/volumes > volumes bind paths of the host and of the task's folder, with the options they say",
    ],
    [
      "Named volumes",
      "M",
      "test/mounts > a mount block's volume is made with its driver, labels and options, filled by the image, and kept",
    ],
    ["`volume_driver`", "S", "test/mounts > volume_driver makes a name of a bare source"],
    [
      "`mount` and `mounts` of binds, volumes and memory",
      "M",
      "test/mounts > mount blocks bind, and lay memory of a size and mode",
      "test/mounts > a mount block's volume is made with its driver, labels and options, filled by the image, and kept",
    ],
    [
      "Options of volumes: no_copy, labels, driver and its options",
      "S",
      "test/mounts > a mount block's volume is made with its driver, labels and options, filled by the image, and kept",
      "test/mounts > no_copy leaves a new volume empty",
      "test/mounts > a volume of another driver or with other options is not taken for the one that is meant",
      "test/mounts > a volume is made by the driver that it names, and by no other where Podman has none of that name",
    ],
    ["Propagation of binds", "M", "test/volumes > mounts of the host's come through as far as the propagation says"],
    ["`tmpfs`", "M", "test/mounts > tmpfs lays memory, with what the image has there unless it must not"],
    ["Mounts of images", "S", "test/mounts > an image can be mounted, read-only or with changes that are lost"],
    [
      "The options O, U and idmap",
      "S",
      "test/volumes > U gives a folder to the task's user, O keeps what the task writes away from it",
      "src/topics/storage/parse-volume > volumes",
      "src/topics/storage/storage-topic > says of idmap that older runc leaves it undone, and looks at nothing else",
    ],
    [
      "A part of a volume",
      "C",
      "test/mounts > a part of a volume is all that is mounted of it, or nothing is on a Podman that knows no parts",
    ],
    ["Volumes of another container, modes of the image's volumes", "C"],
    ["Nomad's host volumes and CSI", "M", "test/task-config > mounts what Nomad asks for, read-only where it says so"],
    ["Propagation of Nomad's mounts", "M", "src/topics/storage/storage-topic > adds Nomad's mounts behind them"],
    ["`readonly_rootfs`", "M", "test/mounts > … leaves only what is mounted writable"],
    ["Memory on a read-only root", "C", "test/mounts > … leaves only what is mounted writable"],
    [
      "Anonymous volumes go with the container",
      "M",
      "test/volumes > a destination alone is an anonymous volume, which goes with the container",
    ],
  ],
};
